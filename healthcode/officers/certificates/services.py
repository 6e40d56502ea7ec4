"""Enter EU certificates for people at an officer's desk, and withdraw document signers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.authority import province
from accounts.holder_match import HolderMatch, match_holder
from accounts.models import Account, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act, Proposal
from healthcode.acts.plans import ActPlan, Foreseen, Signed
from healthcode.acts.services import one_act_at_a_time, record_act, record_planned
from healthcode.colours.decide_many import evaluate, foresee
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.one_person import decide_now
from healthcode.colours.recompute import request
from healthcode.colours.two_persons import do_or_propose, refuse_beyond_alone
from healthcode.evidence import certificates, services, signers
from healthcode.evidence.certificates import Entered
from healthcode.evidence.errors import (
    CertificateOfAnother,
    DocumentNotSeen,
    SignerNotTrusted,
)
from healthcode.evidence.lines import DocumentNumber
from healthcode.evidence.models import Evidence
from healthcode.officers.registered import registered_person

OFFICER: Final = "officer"
"""In the detail of evidence: an officer has established whose certificate it is."""


@transaction.atomic
def enter(
    *,
    account: Account,
    holder: int | DocumentNumber,
    text: str,
    document_seen: bool,
    ground: Ground,
    at: datetime,
) -> tuple[Entered, Act]:
    """Record what an EU certificate says about a person as evidence, on behalf of an officer.

    The service also records who entered the certificate and why (an act).

    Args:
        holder: the person's number, or the type and number of their document.
        document_seen: the officer compared the certificate with the identity document. This is
            required if the registration alone does not show whose certificate it is.

    Raises:
        NotFound: there is no such person, or the officer is not responsible for the person.
        NotACertificate, CertificateRefused, CertificateSaysNothing: see `certificates.read`.
        CertificateOfAnother: the certificate belongs to another person.
        DocumentNotSeen: the certificate may belong to this person, but the officer has not compared
            the documents.
        CertificateKnown: this certificate is already recorded.
        SecondPersonNeeded: it would make more people worse than one officer alone may. It cannot
            wait, because a stored certificate would tell who somebody is.
    """
    one_act_at_a_time(account=account)
    person, area = registered_person(account, holder)
    attested = certificates.read(text, at=at)
    found = match_holder(person.pk, attested.holder)
    known_by = _known_by(found, document_seen=document_seen)
    entered = certificates.record_attested(
        source=account, person=person, attested=attested, known_by=known_by, at=at
    )
    # The fact is written, the colour is not yet.
    foreseen = Foreseen(area=area, effect=evaluate([person.pk], at=at).effect, facts={})
    kind = ActKind.CERTIFICATE_ENTERED
    refuse_beyond_alone(kind=kind, foreseen=foreseen, account=account, at=at)
    act = record_act(
        account=account,
        role=Role.OFFICER,
        kind=kind,
        area=area,
        ground=ground,
        detail={
            "evidence": entered.evidence,
            "kind": attested.kind,
            "holder_known_by": known_by,
            "document_seen": document_seen,
        },
        at=at,
        effect=foreseen.effect,
    )
    decide_now(person.pk, at=at)
    return entered, act


@dataclass(frozen=True, slots=True)
class StoppedSigner:
    """A signer that is no longer trusted, how many facts fell with it, and the recomputation."""

    act: Act
    facts: int
    recomputation: Recomputation | None


@dataclass(frozen=True, slots=True)
class SignerPlan(ActPlan[StoppedSigner]):
    """The end of the trust in a signer of EU certificates; `key` is its id in hexadecimal."""

    kind = ActKind.SIGNER_WITHDRAWN
    key: str
    with_evidence: bool

    def authorise(self, account: Account) -> None:
        """See `signers.require_authority`."""
        signers.require_authority(account)

    def foresee(self, account: Account, *, at: datetime) -> Foreseen:
        """See `ActPlan`. Nobody may enter a certificate of this signer from here on."""
        self.authorise(account)
        signers.lock(bytes.fromhex(self.key))
        ids = self._attested()
        if not ids and not signers.is_trusted(bytes.fromhex(self.key)):
            raise SignerNotTrusted(
                _(
                    "There is nothing to withdraw for signer %(key)s; list_document_signers lists "
                    "all."
                )
                % {"key": self.key}
            )
        services.lock(ids)
        return Foreseen(
            area=province(),
            effect=foresee(lambda: services.withdraw(ids=ids, act=None), at=at),
            facts={"key": self.key, "with_evidence": self.with_evidence, "facts": len(ids)},
        )

    def perform(self, signed: Signed, foreseen: Foreseen, *, at: datetime) -> StoppedSigner:
        """Stop trusting the signer, and withdraw the facts."""
        detail = {"key": self.key, "with_evidence": self.with_evidence}
        act = record_planned(plan=self, signed=signed, foreseen=foreseen, detail=detail, at=at)
        signers.withdraw(kid=bytes.fromhex(self.key), act=act)
        ids = self._attested()
        people = services.withdraw(ids=ids, act=act)
        if not people:
            return StoppedSigner(act, 0, None)
        run = request(cause=Cause.EVIDENCE, act=act, people=sorted(people))
        return StoppedSigner(act, len(ids), run)

    def _attested(self) -> list[int]:
        """Return the facts to withdraw. Query only after the lock.

        The lock waited for everybody who was just entering a certificate of this signer, so the
        query sees their evidence, too.
        """
        return _attested(bytes.fromhex(self.key)) if self.with_evidence else []


def withdraw_signer(
    *, account: Account, kid: bytes, with_evidence: bool, ground: Ground, at: datetime
) -> StoppedSigner | Proposal:
    """Stop trusting a signer of EU certificates.

    With `with_evidence`, also withdraw the facts that this signer's certificates attest. If this
    needs a second person, nothing is withdrawn yet, and the proposal is returned.

    Raises:
        Forbidden: the account is not an officer for the whole province of this issuer.
        SignerNotTrusted: no trusted signer has this key, and there is no evidence to withdraw.
    """
    plan = SignerPlan(kid.hex(), with_evidence)
    return do_or_propose(plan=plan, account=account, ground=ground, at=at)


def _known_by(found: HolderMatch, *, document_seen: bool) -> str:
    match found:
        case HolderMatch.NO_MATCH:
            raise CertificateOfAnother
        case HolderMatch.INCONCLUSIVE:
            if not document_seen:
                raise DocumentNotSeen
            return OFFICER
        case HolderMatch.NAME | HolderMatch.NAME_AND_BIRTH_DATE:
            return found


def _attested(kid: bytes) -> list[int]:
    """Return the evidence that counts and that this signer's signatures attested."""
    attested = Evidence.objects.filter(
        certificate__isnull=False, withdrawn_by__isnull=True, detail__key=kid.hex()
    )
    return list(attested.values_list("pk", flat=True))
