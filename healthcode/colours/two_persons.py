"""Do an act at once, or let it wait for a second person, as the policy in force says.

Every act that can change colours goes through `do_or_propose`, or through `refuse_beyond_alone` if
its kind cannot wait. docs/decisions/0043-one-person-alone.md gives the reasons.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from prometheus_client import Counter

from accounts.models import Account
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Proposal
from healthcode.acts.plans import ActPlan, Done, Foreseen, Signed
from healthcode.acts.proposals import made_worse_since, reddened_since
from healthcode.acts.second_person import SecondPerson, needs_second_person
from healthcode.acts.services import one_act_at_a_time, propose
from healthcode.colours.errors import SecondPersonNeeded
from healthcode.colours.models import Policy
from healthcode.colours.policy import parse
from healthcode.colours.safeguards import Alarm, Safeguards
from healthcode.colours.turned_red import is_alarming, usual_in
from healthcode.core import Colour

logger = logging.getLogger(__name__)

ALARMS: Final = Counter(
    "healthcode_alarms", "Acts that wait because unusually many people would turn red by them."
)


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
    safeguards = _safeguards_at(at)
    if safeguards is not None:
        is_alarm = _is_alarm(safeguards.alarm, foreseen, account=account, at=at)
        if is_alarm:
            _raise_alarm(plan.kind, foreseen)
        if is_alarm or _needs_second(
            safeguards.second_person, plan.kind, foreseen, account=account, at=at
        ):
            return propose(
                plan=plan,
                account=account,
                ground=ground,
                foreseen=foreseen,
                at=at,
                is_alarm=is_alarm,
            )
    return plan.perform(Signed(account, ground), foreseen, at=at)


def refuse_beyond_alone(
    *, kind: ActKind, foreseen: Foreseen, account: Account, at: datetime
) -> None:
    """Refuse an act that needs a second person but cannot wait for one.

    Call `one_act_at_a_time` before.

    Raises:
        SecondPersonNeeded: somebody else must do it.
    """
    safeguards = _safeguards_at(at)
    if safeguards is None:
        return
    if _is_alarm(safeguards.alarm, foreseen, account=account, at=at):
        _raise_alarm(kind, foreseen)
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


def _is_alarm(figures: Alarm, foreseen: Foreseen, *, account: Account, at: datetime) -> bool:
    """Return whether unusually many people would have turned red within the alarm's minutes."""
    effect = foreseen.effect
    now = effect.after[Colour.RED] - effect.before[Colour.RED]
    if effect.worse == 0 or now <= 0:
        return False
    reddened = now + reddened_since(account, at - timedelta(minutes=figures.minutes))
    # Most acts redden too few people for an alarm, whatever is usual.
    if reddened <= figures.people:
        return False
    return is_alarming(figures, reddened=reddened, usual=usual_in(foreseen.area, figures, at=at))


def _raise_alarm(kind: ActKind, foreseen: Foreseen) -> None:
    ALARMS.inc()
    logger.warning(
        "Alarm: unusually many people would turn red by one account in area %r (%s). A second "
        "person must look.",
        foreseen.area,
        kind.value,
    )


def _safeguards_at(at: datetime) -> Safeguards | None:
    """Return what the policy in force says. If none is in force yet, the first to come counts.

    Before the first policy is published nobody has a colour, so one person can publish it alone.
    """
    published = Policy.objects.values_list("text", flat=True)
    text = (
        published.filter(holds_from__lte=at).order_by("-holds_from", "-version").first()
        or published.order_by("holds_from", "version").first()
    )
    return None if text is None else parse(text).safeguards
