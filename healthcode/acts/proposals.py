"""Read what an account's acts did, and the proposals that concern an officer."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Sum

from accounts.authority import areas_of, covers
from accounts.models import Account, Role
from healthcode.acts.models import Act, Proposal, ProposalState

SHOWN: Final = timedelta(days=7)
"""How long a proposal stays on the officers' list."""


def made_worse_since(account: Account, since: datetime) -> int:
    """Return how many people the acts of this account made worse after `since`. One query.

    It counts acts that a second person confirmed, too. What still waits has made nobody worse.
    """
    acts = Act.objects.filter(account=account, worse__gt=0, at__gt=since)
    return acts.aggregate(people=Sum("worse"))["people"] or 0


def reddened_since(account: Account, since: datetime) -> int:
    """Return how many more people the acts of this account made red after `since`. One query."""
    acts = Act.objects.filter(account=account, worse__gt=0, at__gt=since)
    reddened = F("people_after__2") - F("people_before__2")
    return acts.aggregate(people=Sum(reddened))["people"] or 0


def proposals_for(account: Account, *, at: datetime) -> list[Proposal]:
    """Return the proposals of the last days that concern an officer, the latest first. One query.

    They are those that the officer made, and those that touch the officer's areas.
    """
    known = Proposal.objects.select_related("proposed_by", "decided_by").defer("payload")
    recent = known.filter(made_at__gt=at - SHOWN).order_by("-pk")
    return [row for row in recent if row.proposed_by_id == account.pk or concerns(account, row)]


def waiting_for(account: Account, *, at: datetime) -> int:
    """Return how many proposals of others wait at `at` and touch the officer's areas. One query."""
    waiting = Proposal.objects.filter(state=ProposalState.WAITING, expires_at__gt=at)
    others = waiting.exclude(proposed_by=account).only("area", "touched", "role")
    return sum(concerns(account, row) for row in others)


def concerns(account: Account, proposal: Proposal) -> bool:
    """Return whether the account has authority over one of the areas that the proposal touches.

    Officers see what officers and administrators propose, administrators only the latter.
    """
    held = areas_of(account, Role.OFFICER)
    if proposal.role == Role.ADMINISTRATOR:
        held += areas_of(account, Role.ADMINISTRATOR)
    touched = [proposal.area, *proposal.touched]
    return any(covers(area, code) for area in held for code in touched)
