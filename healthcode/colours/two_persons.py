"""Do an act at once, or let it wait for a second person, as the policy in force says.

Every act that can change colours goes through `do_or_propose`, or through `refuse_beyond_alone` if
its kind cannot wait. docs/decisions/0043-one-person-alone.md gives the reasons.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Proposal
from healthcode.acts.plans import ActPlan, Done, Foreseen, Signed
from healthcode.acts.proposals import made_worse_since
from healthcode.acts.second_person import SecondPerson, needs_second_person
from healthcode.acts.services import one_act_at_a_time, propose
from healthcode.colours.errors import SecondPersonNeeded
from healthcode.colours.models import Policy
from healthcode.colours.policy import parse


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
    if _figures_against(plan.kind, foreseen, account=account, at=at):
        return propose(plan=plan, account=account, ground=ground, foreseen=foreseen, at=at)
    return plan.perform(Signed(account, ground), foreseen, at=at)


def refuse_beyond_alone(
    *, kind: ActKind, foreseen: Foreseen, account: Account, at: datetime
) -> None:
    """Refuse an act that needs a second person but cannot wait for one.

    Call `one_act_at_a_time` before.

    Raises:
        SecondPersonNeeded: somebody else must do it.
    """
    figures = _figures_against(kind, foreseen, account=account, at=at)
    if figures is not None:
        raise SecondPersonNeeded(
            _(
                "One person alone may give at most %(people)s people a stricter colour within "
                "%(hours)s hours. Please ask a colleague to do this."
            )
            % {"people": figures.people, "hours": figures.hours}
        )


def _figures_against(
    kind: ActKind, foreseen: Foreseen, *, account: Account, at: datetime
) -> SecondPerson | None:
    """Return the figures because of which this act needs a second person; None if it needs none."""
    figures = _figures_at(at)
    if figures is None:
        return None
    made_worse = made_worse_since(account, figures.since(at))
    needs = needs_second_person(figures, kind, foreseen, made_worse=made_worse, at=at)
    return figures if needs else None


def _figures_at(at: datetime) -> SecondPerson | None:
    """Return what the policy in force says. If none is in force yet, the first to come counts.

    Before the first policy is published nobody has a colour, so one person can publish it alone.
    """
    published = Policy.objects.values_list("text", flat=True)
    text = (
        published.filter(holds_from__lte=at).order_by("-holds_from", "-version").first()
        or published.order_by("holds_from", "version").first()
    )
    return None if text is None else parse(text).safeguards.second_person
