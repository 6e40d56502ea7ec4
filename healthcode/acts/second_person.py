"""When an act needs a second person. The figures come from the policy in force."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from healthcode.acts.kinds import ActKind
from healthcode.acts.plans import Foreseen
from healthcode.web.days import day_of

_LIKE_A_WITHDRAWAL: Final = frozenset(
    {
        ActKind.FACTS_WITHDRAWN,
        ActKind.REGISTRATIONS_MERGED,
        ActKind.REGISTRATIONS_SEPARATED,
    }
)
GRANTED_LATELY: Final = timedelta(days=7)
"""So long after a grant its maker cannot have the new account confirm the maker's proposals."""


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """The figures that say which acts wait until a second person confirms them.

    Attributes:
        people: the most people whom the acts of one account may make worse within `hours`.
        kinds: acts that always wait, such as "policy-published", or "evidence-withdrawn:case".
        dated_before_days: an act waits if its date is earlier than so many days before today.
    """

    people: int
    hours: int
    kinds: frozenset[str]
    dated_before_days: int

    def since(self, at: datetime) -> datetime:
        """Return the time from which acts count together with one at `at`."""
        return at - timedelta(hours=self.hours)


def needs_second_person(
    figures: SecondPerson, kind: ActKind, foreseen: Foreseen, *, made_worse: int, at: datetime
) -> bool:
    """Return whether one person alone may not do this act at `at`.

    An act that makes nobody worse waits only if `kinds` names it, so that one officer can always
    release people.

    Args:
        made_worse: how many people the other acts of the account have made worse since
            `figures.since(at)`.
    """
    if foreseen.can_be_confirmed and figures.kinds & _names(kind, foreseen.about):
        return True
    if foreseen.effect.worse == 0:
        return False
    earliest = day_of(at) - timedelta(days=figures.dated_before_days)
    starts = foreseen.takes_effect
    is_dated_back = starts is not None and day_of(starts) < earliest
    return is_dated_back or made_worse + foreseen.effect.worse > figures.people


def _names(kind: ActKind, about: str) -> frozenset[str]:
    """Return the words by which a policy can mean an act.

    What it says about the withdrawal of a fact holds for many facts, too. Otherwise an officer
    could withdraw a case alone by withdrawing the report that contains it. The same holds for
    registrations, by which a case can stop counting for somebody.
    """
    kinds = {kind}
    if kind in _LIKE_A_WITHDRAWAL:
        kinds.add(ActKind.EVIDENCE_WITHDRAWN)
    return frozenset(word for one in kinds for word in (one.value, f"{one.value}:{about}"))
