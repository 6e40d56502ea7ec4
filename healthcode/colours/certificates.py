"""EU certificates handed in: by those they concern, or by an officer for somebody before them.

What a certificate attests becomes evidence like any other, once it is sure whose it is
(docs/decisions/0020-whose-certificate.md). The certificate itself is read and let go.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.authority import areas_of, covers
from accounts.likeness import Likeness, likeness
from accounts.models import Account, Act, Person, Role
from accounts.selectors import find_person
from accounts.services import record_act
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import request
from healthcode.colours.reporting import decide_now
from healthcode.colours.selectors import PersonDecision
from healthcode.evidence import certificates, services, signers
from healthcode.evidence.certificates import Attested
from healthcode.evidence.errors import (
    CertificateKnown,
    CertificateOfAnother,
    CertificateWithdrawn,
    DocumentNotSeen,
    OfficerMustLook,
)
from healthcode.evidence.lines import Document
from healthcode.evidence.models import Evidence
from healthcode.evidence.services import NewFact
from healthcode.evidence.signers import SignersError
from healthcode.web.errors import NotFound

ENTRY: Final = "certificate-entered"
OFFICER: Final = "officer"
"""In a fact's detail: it was an officer who established whose certificate it is."""

# A family's certificates with some slips; too few to try out whose certificates would fit.
TRIES: Final = limits.Limit("certificates", most=30, within=timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Entered:
    """A fact that a certificate attests, now in the evidence, and the colour that follows."""

    evidence: int
    attested: Attested
    decision: PersonDecision


def hand_in(*, account: Account, person: Person, text: str, at: datetime) -> Entered:
    """Enter what a certificate attests about `person`, whom the account looks after.

    Raises:
        TooMany: the account tried too often today.
        NotACertificate, CertificateRefused, CertificateSaysNothing: see `certificates.read`.
        CertificateOfAnother, OfficerMustLook: it is not, or may not be, this person's.
        CertificateKnown: it was handed in before.
        CertificateWithdrawn: an officer has withdrawn what it attested about them.
    """
    limits.take([(TRIES, str(account.pk))], at=at)
    with transaction.atomic():
        attested = certificates.read(text, at=at)
        holder = likeness(person.pk, attested.holder)
        if holder is Likeness.ANOTHER:
            raise CertificateOfAnother
        if holder is Likeness.UNSURE:
            raise OfficerMustLook
        evidence = _record(account, person, attested, holder, at)
        # Asked after the fact is stored: a withdrawal that was under way has ended by then.
        about = Evidence.objects.filter(person=person, certificate=attested.digest)
        if about.filter(withdrawn_by__isnull=False).exists():
            raise CertificateWithdrawn
        return Entered(evidence, attested, decide_now(person, at))


@transaction.atomic
def enter(
    *,
    account: Account,
    holder: int | Document,
    text: str,
    document_seen: bool,
    ground: str,
    at: datetime,
) -> tuple[Entered, Act]:
    """Enter what a certificate attests about somebody before an officer, as an act on a ground.

    Args:
        holder: the person's number, or the type and number of their document.
        document_seen: the officer compared the certificate with the identity document; needed
            where the registration alone does not tell whose it is.

    Raises:
        NotFound: no such person has their home in the officer's area.
        NotACertificate, CertificateRefused, CertificateSaysNothing: see `certificates.read`.
        CertificateOfAnother: it is made out to somebody else.
        DocumentNotSeen: it may be this person's, and the officer has not confirmed it.
        CertificateKnown: it was handed in before.
    """
    person = _before(account, holder)
    attested = certificates.read(text, at=at)
    found = likeness(person.pk, attested.holder)
    if found is Likeness.ANOTHER:
        raise CertificateOfAnother
    if found is Likeness.UNSURE and not document_seen:
        raise DocumentNotSeen
    known_by = OFFICER if found is Likeness.UNSURE else found
    evidence = _record(account, person, attested, known_by, at)
    act = record_act(
        account=account,
        kind=ENTRY,
        area=person.home_area,
        ground=ground,
        detail={
            "evidence": evidence,
            "kind": attested.kind,
            "holder_known_by": known_by,
            "document_seen": document_seen,
        },
        at=at,
    )
    return Entered(evidence, attested, decide_now(person, at)), act


@transaction.atomic
def withdraw_signer(
    *, account: Account, kid: bytes, with_evidence: bool, ground: str, at: datetime
) -> tuple[int, Recomputation | None]:
    """Let a signer count no more, and with it, if asked for, all that its signatures attested.

    Returns how many facts fell, and the recomputation of the people concerned.

    Raises:
        Forbidden: the account is no officer for the province of this issuer.
        SignersError: nothing that counts is this signer's.
    """
    signers.require_authority(account)
    act = record_act(
        account=account,
        kind=signers.WITHDRAWAL,
        area=signers.province(),
        ground=ground,
        detail={"key": kid.hex(), "with_evidence": with_evidence},
        at=at,
    )
    stopped = signers.withdraw(kid=kid, act=act)
    # Asked for afterwards: whoever was just handing in something of theirs has done by now.
    attested = Evidence.objects.filter(
        certificate__isnull=False, withdrawn_by__isnull=True, detail__key=kid.hex()
    )
    ids = list(attested.values_list("pk", flat=True)) if with_evidence else []
    if not stopped and not ids:
        raise SignersError(f"Nothing that counts is of signer {kid.hex()}; see the list.")
    people = services.withdraw(ids=ids, act=act)
    if not people:
        return 0, None
    return len(ids), request(cause=Cause.EVIDENCE, act=act, people=sorted(people))


def _before(officer: Account, holder: int | Document) -> Person:
    """The person, if at home in the officer's area; no word of those who are elsewhere."""
    if isinstance(holder, int):
        number: int | None = holder
    else:
        id_type, id_number = holder
        number = find_person(id_type=id_type, id_number=id_number)
    person = None if number is None else Person.objects.filter(pk=number).first()
    held = areas_of(officer, Role.OFFICER)
    if person is None or not any(covers(area, person.home_area) for area in held):
        raise NotFound(_("Nobody at home in your area is registered under this number."))
    return person


def _record(
    account: Account, person: Person, attested: Attested, known_by: str, at: datetime
) -> int:
    """Store the fact, in the caller's transaction; its number. Raises CertificateKnown."""
    fact = NewFact(
        person=person.pk,
        kind=attested.kind,
        starts=attested.starts,
        ends=attested.ends,
        traits=attested.traits,
        detail={
            **attested.detail,
            "country": attested.country,
            "key": attested.key,
            "holder_known_by": known_by,
        },
        certificate=attested.digest,
    )
    (evidence,) = services.record(source=account, facts=[fact], at=at).ids
    if evidence is None:
        raise CertificateKnown
    return evidence
