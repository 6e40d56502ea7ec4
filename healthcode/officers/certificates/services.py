"""EU certificates that officers enter for somebody before them, and signers that count no more."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.authority import province
from accounts.errors import OutsideYourArea
from accounts.holder_match import HolderMatch, match_holder
from accounts.models import Account, Person
from accounts.selectors import find_person
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.one_person import decide_now
from healthcode.colours.recompute import request
from healthcode.evidence import certificates, services, signers
from healthcode.evidence.certificates import Entered
from healthcode.evidence.errors import (
    CertificateOfAnother,
    DocumentNotSeen,
)
from healthcode.evidence.lines import DocumentNumber
from healthcode.evidence.models import Evidence
from healthcode.evidence.responsibility import answers_for_person
from healthcode.evidence.signers import SignersError
from healthcode.web.errors import NotFound

OFFICER: Final = "officer"
"""In a fact's detail: it was an officer who established whose certificate it is."""


@transaction.atomic
def enter(
    *,
    account: Account,
    holder: int | DocumentNumber,
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
        NotFound: there is no such person for whom the officer answers.
        NotACertificate, CertificateRefused, CertificateSaysNothing: see `certificates.read`.
        CertificateOfAnother: it is made out to somebody else.
        DocumentNotSeen: it may be this person's, and the officer has not confirmed it.
        CertificateKnown: it was handed in before.
    """
    person, area = _before(account, holder)
    attested = certificates.read(text, at=at)
    found = match_holder(person.pk, attested.holder)
    if found is HolderMatch.NO_MATCH:
        raise CertificateOfAnother
    if found is HolderMatch.INCONCLUSIVE and not document_seen:
        raise DocumentNotSeen
    known_by = OFFICER if found is HolderMatch.INCONCLUSIVE else found
    entered = certificates.record_attested(
        source=account, person=person, attested=attested, known_by=known_by, at=at
    )
    act = record_act(
        account=account,
        kind=ActKind.CERTIFICATE_ENTERED,
        area=area,
        ground=ground,
        detail={
            "evidence": entered.evidence,
            "kind": attested.kind,
            "holder_known_by": known_by,
            "document_seen": document_seen,
        },
        at=at,
    )
    decide_now(person.pk, at=at)
    return entered, act


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
        kind=ActKind.SIGNER_WITHDRAWN,
        area=province(),
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


def _before(officer: Account, holder: int | DocumentNumber) -> tuple[Person, str]:
    """The person, and by which area the officer answers for them; no word of all others."""
    if isinstance(holder, int):
        number: int | None = holder
    else:
        id_type, id_number = holder
        number = find_person(id_type=id_type, id_number=id_number)
    person = None if number is None else Person.objects.filter(pk=number).first()
    nobody = NotFound(_("Nobody who lives in your area is registered under this number."))
    if person is None:
        raise nobody
    try:
        return person, answers_for_person(officer, person.home_area)
    except OutsideYourArea as elsewhere:
        raise nobody from elsewhere
