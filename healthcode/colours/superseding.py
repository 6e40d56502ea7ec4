"""End all codes of a person that are in use, although the colour stays the same."""

from datetime import datetime
from functools import partial
from typing import Final

from django.db import connection, transaction

from healthcode.colours.wake import send

# A code's status index depends on the number of changes, so the next code has another one. The
# publisher of status lists reads the row of the change, as after a change of colour.
END: Final = """
WITH updated AS (
    UPDATE colours_personcolour SET changes = changes + 1 WHERE person_id = %(person)s
    RETURNING person_id, since, colour, changes
)
INSERT INTO colours_colourchange (person_id, since, at, number, before, after)
SELECT person_id, since, %(at)s, changes, colour, colour FROM updated
"""


def end_codes(person_id: int, at: datetime) -> None:
    """Supersede the codes of a person, in the caller's transaction, if they have a colour."""
    with connection.cursor() as cursor:
        cursor.execute(END, {"person": person_id, "at": at})
    transaction.on_commit(partial(send, "codes.publish"))
