"""How each kind of act that can wait is performed, answered and shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Person, Role
from healthcode.acts.effects import Effect
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Proposal
from healthcode.acts.plans import ActPlan
from healthcode.administration.plans import ChangedAccount, PasswordResetPlan, StaffGrantPlan
from healthcode.administration.roles import ROLE_NAMES
from healthcode.areas.picture import HOME
from healthcode.areas.selectors import full_names
from healthcode.colours.models import Policy, Recomputation
from healthcode.colours.services import PolicyPlan
from healthcode.confirmation.errors import PreviewChanged
from healthcode.core.instants import read_date
from healthcode.officers.certificates.services import SignerPlan, StoppedSigner
from healthcode.officers.inquiries.pages import chain_context
from healthcode.officers.inquiries.serializers import confirmation_answer
from healthcode.officers.maps.pages import preview_context
from healthcode.officers.maps.serializers import publication_answer
from healthcode.officers.maps.services import MapPlan, map_as_if
from healthcode.officers.registrations.api import registrations_answer
from healthcode.officers.registrations.plans import MergingPlan, SeparationPlan
from healthcode.officers.withdrawals.pages import fact_context
from healthcode.officers.withdrawals.serializers import together_answer, withdrawal_answer
from healthcode.officers.withdrawals.services import WithdrawalPlan, look_at_evidence
from healthcode.officers.withdrawals.together import TogetherPlan
from healthcode.officers.withdrawals.together_pages import together_context
from healthcode.tracing.selectors import inquiry_for
from healthcode.tracing.services import ContactsPlan, show

ActAnswer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Performer:
    """What a kind of act needs when a second person confirms it.

    Attributes:
        plan: the class that does it.
        answer: returns what the act itself would have answered, from the plan and what was done.
        template: shows the plan on the page of a proposal.
        context: returns the context of this template, for an officer who may do such an act.
    """

    plan: type[ActPlan[Any]]
    answer: Callable[[Any, Any], ActAnswer]
    template: str
    context: Callable[[Account, Any, Proposal, datetime], Mapping[str, object]]


def _withdrawn(plan: WithdrawalPlan, run: Recomputation) -> ActAnswer:
    return withdrawal_answer(plan.evidence, run)


def _stopped(_plan: SignerPlan, stopped: StoppedSigner) -> ActAnswer:
    run = stopped.recomputation
    return {"act": stopped.act.pk, "facts": stopped.facts, "recomputation": run and run.pk}


def _policy(_plan: PolicyPlan, policy: Policy) -> ActAnswer:
    return {"act": policy.act_id, "version": policy.version, "holds_from": policy.holds_from}


def _administered(_plan: ActPlan[Any], done: ChangedAccount) -> ActAnswer:
    return {"act": done.act.pk, "account": done.account.username}


def _map_shown(
    _account: Account, plan: MapPlan, proposal: Proposal, _at: datetime
) -> Mapping[str, object]:
    effect, facts = Effect.from_json(proposal.preview), proposal.preview["facts"]
    whole = plan.whole_of
    return {
        "effective_from": plan.effective_from,
        "whole_name": full_names([whole]).get(whole) if whole else "",
        "levels": plan.levels,
        **preview_context(map_as_if(plan, within=HOME), facts, effect),
    }


def _fact_shown(
    account: Account, plan: WithdrawalPlan, proposal: Proposal, at: datetime
) -> Mapping[str, object]:
    """Show the fact; its person sees that an officer looked."""
    ground = Ground(GroundKind(proposal.ground_kind), f"Proposal number {proposal.pk}")
    fact = look_at_evidence(account=account, evidence_id=plan.evidence, ground=ground, at=at)
    return fact_context(fact)


def _chain_shown(
    account: Account, plan: ContactsPlan, proposal: Proposal, at: datetime
) -> Mapping[str, object]:
    """Show the chain; its people see later that an officer looked."""
    inquiry = inquiry_for(account, plan.inquiry)
    chain = show(account=account, inquiry=inquiry, at=at).chain
    effect = Effect.from_json(proposal.preview)
    return {"inquiry": inquiry, **chain_context(inquiry, chain, effect)}


def _together_shown(
    _account: Account, _plan: TogetherPlan, proposal: Proposal, _at: datetime
) -> Mapping[str, object]:
    return together_context(proposal.preview["facts"])


def _plan_shown(
    _account: Account, plan: ActPlan[Any], proposal: Proposal, _at: datetime
) -> Mapping[str, object]:
    return {"plan": plan, "facts": proposal.preview["facts"]}


def _staff_shown(
    _account: Account, plan: ActPlan[Any], proposal: Proposal, _at: datetime
) -> Mapping[str, object]:
    """Show whose account it is, and what roles it had when this was proposed."""
    facts = proposal.preview["facts"]
    held = [
        (ROLE_NAMES[Role(role)], _named(area), read_date(until[0]) if until else None)
        for role, area, *until in facts["held"]
    ]
    return {"plan": plan, "facts": facts, "held": held}


def _grant_shown(
    account: Account, plan: StaffGrantPlan, proposal: Proposal, at: datetime
) -> Mapping[str, object]:
    given = plan.grant
    new = {"role": ROLE_NAMES[given.role], "area": _named(given.area), "until": given.until}
    return {**_staff_shown(account, plan, proposal, at), **new}


def _registrations_shown(
    _account: Account, _plan: ActPlan[Any], proposal: Proposal, _at: datetime
) -> Mapping[str, object]:
    """Show where the people live, and no more; what an officer saw stays at the desk."""
    facts = proposal.preview["facts"]
    people = Person.objects.filter(pk__in=facts["registrations"]).order_by("pk")
    homes = [(str(person.pk), _named(person.home_area)) for person in people]
    is_merging = proposal.kind == ActKind.REGISTRATIONS_MERGED
    return {"facts": facts, "registrations": homes, "is_merging": is_merging}


def _named(area: str) -> object:
    return full_names([area]).get(area, area) if area else _("the whole country")


PERFORMERS: Final[Mapping[ActKind, Performer | None]] = {
    ActKind.LEVELS_PUBLISHED: Performer(
        MapPlan,
        lambda _plan, done: publication_answer(done),
        "confirmation/_levels.html",
        _map_shown,
    ),
    ActKind.POLICY_PUBLISHED: Performer(
        PolicyPlan, _policy, "confirmation/_policy.html", _plan_shown
    ),
    ActKind.EVIDENCE_WITHDRAWN: Performer(
        WithdrawalPlan, _withdrawn, "confirmation/_evidence.html", _fact_shown
    ),
    ActKind.FACTS_WITHDRAWN: Performer(
        TogetherPlan,
        lambda _plan, run: together_answer(run),
        "confirmation/_together.html",
        _together_shown,
    ),
    ActKind.CERTIFICATE_ENTERED: None,
    ActKind.SIGNERS_CHANGED: None,
    ActKind.SIGNER_WITHDRAWN: Performer(
        SignerPlan, _stopped, "confirmation/_signer.html", _plan_shown
    ),
    ActKind.TRACING_OPENED: None,
    ActKind.CONTACTS_CONFIRMED: Performer(
        ContactsPlan,
        lambda _plan, done: confirmation_answer(done),
        "officers/_chain.html",
        _chain_shown,
    ),
    ActKind.MEETING_DECLARED: None,
    ActKind.MEETING_RETRACTED: None,
    ActKind.STAFF_GRANTED: Performer(
        StaffGrantPlan, _administered, "confirmation/_staff.html", _grant_shown
    ),
    ActKind.ROLE_TAKEN_BACK: None,
    ActKind.PASSWORD_RESET: Performer(
        PasswordResetPlan, _administered, "confirmation/_staff.html", _staff_shown
    ),
    ActKind.STAFF_PHONE_CHANGED: None,
    ActKind.ACCOUNT_CLOSED: None,
    ActKind.ACCOUNT_REOPENED: None,
    ActKind.TOKEN_ISSUED: None,
    ActKind.TOKEN_REVOKED: None,
    ActKind.VENUE_CHANGED: None,
    ActKind.VENUE_RENAMED: None,
    ActKind.VENUE_HANDED_OVER: None,
    ActKind.DEPUTY_NAMED: None,
    ActKind.DEPUTY_REMOVED: None,
    ActKind.VENUE_CLOSED: None,
    ActKind.VENUE_REOPENED: None,
    ActKind.DEVICE_BLOCKED: None,
    ActKind.PARTNER_CHANGED: None,
    ActKind.PARTNER_ENDED: None,
    ActKind.ISSUER_TRUSTED: None,
    ActKind.KEY_MADE: None,
    ActKind.KEY_WITHDRAWN: None,
    ActKind.LOG_KEY_MADE: None,
    ActKind.SECRET_ACCEPTED: None,
    ActKind.SOURCE_GRANTED: None,
    ActKind.HELD_LINES_CONFIRMED: None,
    ActKind.HELD_LINES_REJECTED: None,
    ActKind.ROSTER_LOADED: None,
    ActKind.DOCUMENT_SEEN: None,
    ActKind.DECLARATION_ENTERED: None,
    ActKind.REGISTRATIONS_MERGED: Performer(
        MergingPlan,
        lambda _plan, done: registrations_answer(done),
        "confirmation/_registrations.html",
        _registrations_shown,
    ),
    ActKind.REGISTRATIONS_SEPARATED: Performer(
        SeparationPlan,
        lambda _plan, done: registrations_answer(done),
        "confirmation/_registrations.html",
        _registrations_shown,
    ),
    ActKind.REGISTRATION_CORRECTED: None,
    ActKind.TELEPHONE_CHANGED: None,
    ActKind.GUARDIANSHIP_ENDED: None,
    ActKind.PERSON_ERASED: None,
    ActKind.SERVICE_ENDED: None,
}
"""None: an act of this kind cannot wait (`CAN_WAIT`)."""


def performer_of(proposal: Proposal) -> Performer:
    """Return how the proposal's kind of act is performed.

    Raises:
        LookupError: no act of this kind can wait, so nobody could propose it.
    """
    performer = PERFORMERS[ActKind(proposal.kind)]
    if performer is None:
        raise LookupError(f"an act {proposal.kind} cannot wait")
    return performer


def plan_of(proposal: Proposal) -> ActPlan[Any]:
    """Return the act that is proposed.

    Raises:
        PreviewChanged: another version of the service stored it, and this one reads it differently.
    """
    try:
        plan: ActPlan[Any] = msgspec.convert(proposal.payload, type=performer_of(proposal).plan)
    except msgspec.ValidationError as error:
        raise PreviewChanged from error
    return plan
