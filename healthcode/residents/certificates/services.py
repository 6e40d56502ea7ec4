"""EU certificates that residents hand in for themselves and their family.

What a certificate attests becomes evidence like any other, once its holder is known
(docs/decisions/0020-whose-certificate.md). The certificate itself is not stored.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accounts import limits
from accounts.holder_match import HolderMatch, match_holder
from accounts.models import Account, Person
from healthcode.colours.one_person import decide_now
from healthcode.colours.selectors import PersonDecision
from healthcode.evidence import certificates
from healthcode.evidence.certificates import Entered
from healthcode.evidence.errors import (
    CertificateOfAnother,
    CertificateWithdrawn,
    OfficerMustLook,
)
from healthcode.evidence.models import Evidence

# Enough for a family's certificates and some mistakes, too few to try other people's certificates.
TRIES: Final = limits.Limit("certificates", most=30, within=timedelta(days=1))


def hand_in(
    *, account: Account, person: Person, text: str, at: datetime
) -> tuple[Entered, PersonDecision]:
    """Record what an EU certificate says about `person`, whom the account looks after.

    Raises:
        TooMany: the account tried too often today.
        NotACertificate, CertificateRefused, CertificateSaysNothing: see `certificates.read`.
        CertificateOfAnother: the certificate belongs to another person.
        OfficerMustLook: an officer must check whether it belongs to this person.
        CertificateKnown: this certificate is already recorded.
        CertificateWithdrawn: an officer has withdrawn what this certificate said about this person.
    """
    limits.take([(TRIES, str(account.pk))], at=at)
    with transaction.atomic():
        attested = certificates.read(text, at=at)
        holder = match_holder(person.pk, attested.holder)
        match holder:
            case HolderMatch.NO_MATCH:
                raise CertificateOfAnother
            case HolderMatch.INCONCLUSIVE:
                raise OfficerMustLook
            case HolderMatch.NAME | HolderMatch.NAME_AND_BIRTH_DATE:
                pass
        entered = certificates.record_attested(
            source=account, person=person, attested=attested, known_by=holder, at=at
        )
        # This check comes after the fact is stored, because a withdrawal at the same time has ended
        # by then.
        about = Evidence.objects.filter(person=person, certificate=attested.digest)
        if about.filter(withdrawn_by__isnull=False).exists():
            raise CertificateWithdrawn
        return entered, decide_now(person.pk, at=at)
