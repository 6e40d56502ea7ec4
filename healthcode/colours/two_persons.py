"""Do an act at once, or let it wait for a second person, as the policy in force says.

Every act that can change colours goes through `do_or_propose`, or through `refuse_beyond_alone` if
its kind cannot wait. docs/decisions/0043-one-person-alone.md gives the reasons.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from healthcode.acts.alarm_models import Alarm, AlarmBy
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Proposal
from healthcode.acts.plans import ActPlan, Done, Foreseen, Signed
from healthcode.acts.proposals import made_worse_since, reddened_since
from healthcode.acts.second_person import SecondPerson, needs_second_person
from healthcode.acts.services import one_act_at_a_time, propose
from healthcode.colours.alarms import count_alarm, is_unusual, raise_alarm, reddened_by
from healthcode.colours.errors import SecondPersonNeeded
from healthcode.colours.policy import safeguards_at
from healthcode.colours.safeguards import AlarmFigures
from healthcode.core import Colour


@transaction.atomic
def do_or_propose(
    *, plan: ActPlan[Done], account: Account, ground: Ground, at: datetime
) -> Done | Proposal:
    """Do what is planned and return it, or return the proposal that now waits.

    Raises:
        Refusal: the act is not possible, or the account may not do it.
    """
    plan.authorise(account)
    one_act_at_a_time(account=account)
    known = plan.done_before(account, ground)
    if known is not None:
        return known
    foreseen = plan.foresee(account, at=at)
    safeguards = safeguards_at(at)
    if safeguards is not None:
        unusual = _unusual(safeguards.alarm, foreseen, account=account, at=at)
        if unusual or _needs_second(
            safeguards.second_person, plan.kind, foreseen, account=account, at=at
        ):
            return _propose(plan, account, ground, foreseen, unusual, at=at)
    return plan.perform(Signed(account, ground), foreseen, at=at)


def refuse_beyond_alone(
    *, kind: ActKind, foreseen: Foreseen, account: Account, at: datetime
) -> None:
    """Refuse an act that needs a second person but cannot wait for one.

    Call `one_act_at_a_time` before.

    Raises:
        SecondPersonNeeded: somebody else must do it.
    """
    safeguards = safeguards_at(at)
    if safeguards is None:
        return
    unusual = _unusual(safeguards.alarm, foreseen, account=account, at=at)
    if unusual:
        # The refusal undoes everything, and nothing waits. So only the metric and the log say it.
        count_alarm(unusual.by, unusual.area)
        raise SecondPersonNeeded(
            _(
                "Within an hour, more people would turn red by what you do than is usual here on a "
                "day. Please ask a colleague to look at this and to do it."
            )
        )
    figures = safeguards.second_person
    if _needs_second(figures, kind, foreseen, account=account, at=at):
        raise SecondPersonNeeded(
            _(
                "One person alone may give at most %(people)s people a stricter colour within "
                "%(hours)s hours. Please ask a colleague to do this."
            )
            % {"people": figures.people, "hours": figures.hours}
        )


def _needs_second(
    figures: SecondPerson, kind: ActKind, foreseen: Foreseen, *, account: Account, at: datetime
) -> bool:
    made_worse = made_worse_since(account, figures.since(at))
    return needs_second_person(figures, kind, foreseen, made_worse=made_worse, at=at)


@dataclass(frozen=True, slots=True)
class _Unusual:
    """What the people share of whom unusually many would turn red. See `record_alarm`."""

    by: AlarmBy
    number: int
    area: str
    people: int


def _unusual(
    figures: AlarmFigures, foreseen: Foreseen, *, account: Account, at: datetime
) -> _Unusual | None:
    """Return what raises the alarm: the officer or a venue; None if nothing does."""
    effect = foreseen.effect
    now = effect.after[Colour.RED] - effect.before[Colour.RED]
    if effect.worse == 0 or now <= 0:
        return None
    since = at - timedelta(minutes=figures.minutes)
    reddened = now + reddened_since(account, since)
    if is_unusual(figures, reddened=reddened, area=foreseen.area, at=at):
        return _Unusual(AlarmBy.OFFICER, account.pk, foreseen.area, reddened)
    for venue in foreseen.venues:
        reddened = venue.people + reddened_by(AlarmBy.VENUE, venue.place, since=since)
        area = venue.area or foreseen.area
        if is_unusual(figures, reddened=reddened, area=area, at=at):
            return _Unusual(AlarmBy.VENUE, venue.place, area, reddened)
    return None


def _propose(
    plan: ActPlan[Done],
    account: Account,
    ground: Ground,
    foreseen: Foreseen,
    unusual: _Unusual | None,
    *,
    at: datetime,
) -> Proposal:
    """Store the proposal, and raise its alarm once."""
    proposal = propose(
        plan=plan,
        account=account,
        ground=ground,
        foreseen=foreseen,
        at=at,
        is_alarm=unusual is not None,
    )
    if unusual and not Alarm.objects.filter(proposal=proposal).exists():
        raise_alarm(
            by=unusual.by,
            number=unusual.number,
            area=unusual.area,
            people=unusual.people,
            proposal=proposal,
            at=at,
        )
    return proposal
