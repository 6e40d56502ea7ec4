"""Who answers for a fact, and for a person: the one answer for every act about either.

An officer answers for a fact by its area, by the home of its person, or by the province of this
issuer, which answers for all that it decided. Whoever has none of these may not act.
"""

from collections.abc import Sequence

from accounts.authority import has_authority, province
from accounts.errors import OutsideYourArea
from accounts.models import Account, Role
from healthcode.areas.successors import successors_of
from healthcode.evidence.models import Evidence


def answers_for(account: Account, fact: Evidence) -> str:
    """By which area the officer answers for a fact: the home, its own, a successor's, the issuer's.

    Raises:
        Forbidden: the account is no officer's.
        OutsideYourArea: it is, and answers for none of these.
    """
    home = fact.person.home_area
    own = (fact.area_id, *successors_of(fact.area_id)) if fact.area_id else ()
    return _first(account, [home, *successors_of(home), *own, province()])


def answers_for_person(account: Account, home: str) -> str:
    """By which area the officer answers for somebody who lives in `home`: that, or the issuer's.

    Raises:
        Forbidden, OutsideYourArea: as `answers_for`.
    """
    return _first(account, [home, *successors_of(home), province()])


def answers_for_all(account: Account) -> bool:
    """Whether the officer answers for whatever this issuer decided, wherever people live."""
    return has_authority(account, Role.OFFICER, province())


def _first(account: Account, areas: Sequence[str]) -> str:
    answering = [area for area in areas if has_authority(account, Role.OFFICER, area)]
    if not answering:
        raise OutsideYourArea
    return answering[0]
