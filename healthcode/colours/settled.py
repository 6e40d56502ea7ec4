"""Whether anything on record can still change a person's colour."""

from datetime import datetime

from healthcode.colours.selectors import colour_of, decision_of
from healthcode.core import Colour


def is_settled(person_id: int, *, at: datetime) -> bool:
    """Return whether a person is green, and stays so unless something new is reported.

    Raises:
        NoPolicy: no policy holds at `at`.
    """
    if colour_of(person_id) is None:
        return True
    decision = decision_of(person_id, at)
    return decision.colour is Colour.GREEN and decision.next_change_at is None
