"""Publish policies."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.authority import province, require
from accounts.models import Account, Role
from healthcode.acts.effects import NO_EFFECT, Effect
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Proposal
from healthcode.acts.plans import ActPlan, Foreseen, Signed
from healthcode.acts.services import record_planned
from healthcode.areas.lives import lives
from healthcode.colours.decide_many import evaluate_everybody
from healthcode.colours.errors import InvalidPolicy, PolicyVersionTaken
from healthcode.colours.mistakes import Mistake, PolicyFault
from healthcode.colours.models import Policy
from healthcode.colours.policy import RuleSet, parse
from healthcode.colours.sweep import apply_policy_in_force
from healthcode.colours.two_persons import do_or_propose


@dataclass(frozen=True, slots=True)
class PolicyPlan(ActPlan[Policy]):
    """A policy that an officer wants to publish; the members are arguments of `publish_policy`."""

    kind = ActKind.POLICY_PUBLISHED
    text: str
    holds_from: datetime
    file: str

    def authorise(self, account: Account) -> None:
        """Require authority over the whole province of this issuer."""
        require(account, Role.OFFICER, province())

    def foresee(self, account: Account, *, at: datetime) -> Foreseen:
        """See `ActPlan`."""
        self.authorise(account)
        policy = self._read()
        if Policy.objects.filter(version=policy.version).exists():
            raise _taken(policy.version)
        return Foreseen(
            area=province(),
            effect=_effect(policy, self.holds_from, at),
            facts={"version": policy.version, "name": policy.name},
            takes_effect=self.holds_from,
        )

    def perform(self, signed: Signed, foreseen: Foreseen, *, at: datetime) -> Policy:
        """Publish the policy; everybody is recomputed as soon as it holds."""
        act = record_planned(
            plan=self, signed=signed, foreseen=foreseen, detail=foreseen.facts, at=at
        )
        version = foreseen.facts["version"]
        try:
            with transaction.atomic():
                published = Policy.objects.create(
                    version=version, text=self.text, holds_from=self.holds_from, act=act
                )
        except IntegrityError as error:
            raise _taken(version) from error
        apply_policy_in_force(at=at)
        return published

    def _read(self) -> RuleSet:
        try:
            policy = parse(self.text, self.file or "policy")
        except PolicyFault as fault:
            raise _invalid(fault) from fault
        _refuse_ended_areas(policy, self.holds_from, self.file)
        return policy


def publish_policy(
    *,
    account: Account,
    text: str,
    holds_from: datetime,
    ground: Ground,
    at: datetime,
    file: str = "",
) -> Policy | Proposal:
    """Publish an officer's policy, given as TOML `text`. It is in force from `holds_from` on.

    Everybody's colour is recomputed when the policy comes into force: at once, or later by the
    sweep (a periodic task). The service also records who published the policy and why (an act). The
    officer needs authority over the whole province of this issuer. If the policy needs a second
    person, nothing is published yet, and the proposal is returned.

    Raises:
        Forbidden: the officer's area is smaller than the province.
        InvalidPolicy: the text has mistakes, or names areas whose codes have ended by `holds_from`.
            `errors` lists file, rule and field of each mistake.
        PolicyVersionTaken: this version is already published.
    """
    plan = PolicyPlan(text, holds_from, file)
    return do_or_propose(plan=plan, account=account, ground=ground, at=at)


def _taken(version: int) -> PolicyVersionTaken:
    return PolicyVersionTaken(
        _("Version %(version)s is already published. Give your change a higher version number.")
        % {"version": version}
    )


def _effect(policy: RuleSet, holds_from: datetime, at: datetime) -> Effect:
    """Count what the policy does to everybody when it comes into force.

    It does nothing if another policy is in force by then.
    """
    comes = max(at, holds_from)
    later = Q(holds_from__gt=holds_from) | Q(holds_from=holds_from, version__gt=policy.version)
    if Policy.objects.filter(later, holds_from__lte=comes).exists():
        return NO_EFFECT
    return evaluate_everybody(policy, at=comes)


def _refuse_ended_areas(policy: RuleSet, holds_from: datetime, file: str) -> None:
    known = lives({area for rule in policy.rules for area in rule.areas})
    mistakes = [
        Mistake(file or "policy", rule.name, "areas", known[area].sentence)
        for rule in policy.rules
        for area in rule.areas
        if area in known and known[area].has_ended_by(holds_from)
    ]
    if mistakes:
        raise _invalid(PolicyFault(mistakes))


def _invalid(fault: PolicyFault) -> InvalidPolicy:
    return InvalidPolicy(
        errors=[
            {"file": f.file, "rule": f.rule, "field": f.field, "detail": f.message}
            for f in fault.mistakes
        ],
    )
