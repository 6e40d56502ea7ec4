"""Decide which officers are responsible for a fact or a person, and so may act about them.

An officer is responsible for a fact if they have authority over the area of the fact, over the home
of its person, or over the whole province of this issuer. Each function with which an officer acts
about a fact or a person uses this module.
"""

from collections.abc import Collection, Sequence

from accounts.authority import covers, has_authority, province
from accounts.errors import OutsideYourArea
from accounts.models import Account, Role
from healthcode.areas.successors import successors_of
from healthcode.evidence.models import Evidence


def answers_for(account: Account, fact: Evidence) -> str:
    """Return the area that makes this officer responsible for a fact.

    Three kinds of areas are tried in this order: the person's home and its successors, the area of
    the fact and its successors, the province of the issuer. The result is the first area over which
    the officer has authority.

    Raises:
        Forbidden: the account is not an officer's.
        OutsideYourArea: the officer has authority over none of these areas.
    """
    return _first(account, _responsible(fact.person.home_area, fact.area_id))


def answers_for_person(account: Account, home: str) -> str:
    """Return the area by which the officer answers for a person who lives in `home`.

    Raises:
        Forbidden, OutsideYourArea: as `answers_for`.
    """
    return _first(account, [home, *successors_of(home), province()])


def answers_for_line(account: Account, home: str, area: str | None) -> str | None:
    """Return the area that makes this officer responsible for a held line; None if none does.

    Args:
        home: of the line's person.
        area: of the line, if it has one.

    Raises:
        Forbidden: the account is not an officer's.
    """
    areas = _responsible(home, area)
    return next((one for one in areas if has_authority(account, Role.OFFICER, one)), None)


def is_answered_by(authority: Collection[str], home: str, area: str | None) -> bool:
    """Return whether an officer with authority over these areas answers for a fact.

    Args:
        home: of the fact's person.
        area: of the fact, if it has one.
    """
    return any(covers(held, one) for one in _responsible(home, area) for held in authority)


def answers_for_all(account: Account) -> bool:
    """Return whether the officer answers for the whole province, and so for all its people."""
    return has_authority(account, Role.OFFICER, province())


def _responsible(home: str, area: str | None) -> Sequence[str]:
    own = (area, *successors_of(area)) if area else ()
    return (home, *successors_of(home), *own, province())


def _first(account: Account, areas: Sequence[str]) -> str:
    answering = [area for area in areas if has_authority(account, Role.OFFICER, area)]
    if not answering:
        raise OutsideYourArea
    return answering[0]
