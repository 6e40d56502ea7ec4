"""People whom somebody reported before they registered: they wait, found by their document alone.

Of who they are, the vault holds only the keyed hash of the document. A registration fills in the
rest (accounts/registration.py). docs/decisions/0051-facts-wait.md gives the reasons.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q

from accounts import identity, vault
from accounts.identity import Document
from accounts.models import Person
from healthcode.web.days import day_of
from healthcode.web.errors import InvalidInput

# The lock keeps a person from being deleted before the caller's transaction has stored its facts.
FIND: Final = """
SELECT identity.number_index, person.id
FROM accounts_identity AS identity JOIN accounts_person AS person ON person.id = identity.person_id
WHERE identity.number_index = ANY(%s::bytea[])
FOR KEY SHARE OF person
"""
# Two transactions insert in the same order, so one waits for the other and then inserts nothing.
# The reference to the person is checked when the transaction ends.
ADD: Final = """
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(%(id_types)s::text[], %(indexes)s::bytea[], %(numbers)s::bytea[],
                         %(names)s::bytea[])
        AS given (id_type, number_index, number_sealed, name_sealed)
), who AS (
    INSERT INTO accounts_identity (person_id, id_type, number_index, number_sealed, name_sealed)
    SELECT nextval(pg_get_serial_sequence('accounts_person', 'id')), given.*
    FROM given ORDER BY number_index
    ON CONFLICT (id_type, number_index) DO NOTHING
    RETURNING person_id
)
INSERT INTO accounts_person (id, home_area, created_at, is_waiting)
SELECT person_id, %(home)s, %(at)s, true FROM who
"""


def kept_waiting_while(needed: Q) -> None:
    """Register the condition by which a room above says whom it still needs."""
    _NEEDS.append(needed)


@transaction.atomic
def people_with(
    documents: Sequence[tuple[str, str]], *, home: str, at: datetime
) -> Mapping[tuple[str, str], int]:
    """Return the number of the person with each document, given as (type, number).

    Whoever is not registered waits from now on, as if they lived in `home`. Impossible documents
    are not in the result. It takes one query, and two more if anybody is new.
    """
    possible = _possible(documents, day_of(at))
    indexes = {document.index(): document for document in possible.values()}
    found = _find(list(indexes))
    missing = {index: one for index, one in indexes.items() if index not in found}
    if missing:
        _add(missing, home, at)
        found |= _find(list(missing))
    return {given: found[document.index()] for given, document in possible.items()}


def forget_waiting(*, at: datetime) -> int:
    """Delete the people who wait, and of whom nothing is known any more; return how many.

    It reads the table of people once. Whoever is being registered or reported now is left out.
    """
    nobody_needs = Person.objects.filter(is_waiting=True, merged__isnull=True, created_at__lt=at)
    for needed in _NEEDS:
        nobody_needs = nobody_needs.exclude(needed)
    with transaction.atomic():
        locked = nobody_needs.select_for_update(skip_locked=True, of=("self",))
        people = list(locked.values_list("pk", flat=True))
        # Asked again, because a report may have ended between the question and the lock.
        gone = nobody_needs.filter(pk__in=people)
        number = gone.count()
        gone.delete()
    return number


def _possible(documents: Sequence[tuple[str, str]], today: date) -> dict[tuple[str, str], Document]:
    possible = {}
    for given in documents:
        try:
            possible[given] = identity.parse(*given, on=today)
        except InvalidInput:
            continue
    return possible


def _find(indexes: list[bytes]) -> dict[bytes, int]:
    with connection.cursor() as cursor:
        cursor.execute(FIND, [indexes])
        return {bytes(index): person for index, person in cursor.fetchall()}


def _add(documents: Mapping[bytes, Document], home: str, at: datetime) -> None:
    """Insert people who wait. Their name and number are sealed as empty texts."""
    bound: dict[str, Any] = {
        "id_types": [document.id_type.value for document in documents.values()],
        "indexes": list(documents),
        "numbers": [vault.seal("", field=vault.Field.NUMBER, row=row) for row in documents],
        "names": [vault.seal("", field=vault.Field.NAME, row=row) for row in documents],
        "home": home,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(ADD, bound)


_NEEDS: list[Q] = []
