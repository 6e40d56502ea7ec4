"""Let a second guardian join by a code that the first one's phone shows.

Only somebody whose guardianship is proven makes a code. Who joins with it can do all that the first
one can, and their guardianship counts as proven. docs/decisions/0055-guardians-and-corrections.md
gives the reasons.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import client, limits, vault
from accounts.admission import refusal_of, violated
from accounts.errors import ProofNeeded
from accounts.guardian_code_models import CodeEnding, GuardianCode
from accounts.guardians import UNPROVEN, guard
from accounts.holder_errors import (
    AlreadyLookedAfter,
    GuardianCodeExpired,
    GuardianCodeUsed,
    GuardianCodeWithdrawn,
    HasAHolder,
    OwnGuardianCode,
    WrongGuardianCode,
)
from accounts.limits import Limit
from accounts.models import Account, Guardianship, IdentityProof, Person, Relation
from healthcode.web.errors import NotFound
from healthcode.web.short_codes import new_short_code, normalise_short_code, shown

CODE_LIFE: Final = timedelta(hours=1)
REMEMBERED: Final = timedelta(days=1)
"""How long after its end the service can say what became of a code."""

MADE: Final = Limit("guardian-codes", 20, timedelta(days=1))
TRIES: Final = Limit("guardian-code-tries", 10, timedelta(hours=1))
TRIES_FROM_AN_ADDRESS: Final = Limit("guardian-code-tries-address", 100, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A guardian code, which is sent once and stored hashed."""

    code: str = field(repr=False)
    expires_at: datetime


@transaction.atomic
def make_code(*, account: Account, person_id: int, at: datetime) -> ShownCode:
    """Make a code by which one more account can look after this person; it replaces an earlier one.

    Raises:
        NotFound: the account does not look after this person.
        ProofNeeded: its guardianship has no proof of its own.
        TooMany: the account has made too many codes today.
    """
    limits.take([(MADE, str(account.pk))], at=at)
    person = _locked(person_id)
    if person is None or not _guards(account, person_id).exists():
        raise NotFound(_("This person is not registered under your account."))
    if not _guards(account, person_id).exclude(UNPROVEN).exists():
        raise ProofNeeded
    _open_codes(account, person_id).update(ending=CodeEnding.WITHDRAWN)
    code, expires_at = new_short_code(), at + CODE_LIFE
    GuardianCode.objects.create(
        account=account, person=person, digest=_digest(code), expires_at=expires_at
    )
    return ShownCode(shown(code), expires_at)


def withdraw_code(*, account: Account, person_id: int) -> None:
    """End the open code of this account for this person, if there is one."""
    _open_codes(account, person_id).update(ending=CodeEnding.WITHDRAWN)


def open_until(account: Account, person_id: int, *, at: datetime) -> datetime | None:
    """Return until when the account's open code for this person works; None if there is none."""
    open_codes = _open_codes(account, person_id).filter(expires_at__gt=at)
    return open_codes.values_list("expires_at", flat=True).first()


def join(*, account: Account, code: str, relation: Relation, address: str, at: datetime) -> Person:
    """Let `account` look after the person for whom somebody made this code. A code works once.

    Args:
        code: as typed.
        relation: what the person is to the account.
        address: where the request comes from.

    Raises:
        WrongGuardianCode: there is no such code.
        OwnGuardianCode: the account has made it.
        GuardianCodeUsed, GuardianCodeWithdrawn, GuardianCodeExpired: it does not work any more.
        AlreadyLookedAfter: the account has proven before that it may look after the person.
        HasAHolder: another account has this person's code as its own.
        SelfAlreadyRegistered: the account's holder is somebody else.
        TooMany: too many tries of this account or from this address.
    """
    from_here = (TRIES_FROM_AN_ADDRESS, client.network(address))
    # In a transaction of its own, because a wrong code counts, too.
    limits.take([(TRIES, str(account.pk)), from_here], at=at)
    proof = IdentityProof.GUARDIAN
    try:
        with transaction.atomic():
            found = _usable(account, code, at)
            found.ending = CodeEnding.USED
            found.save(update_fields=["ending"])
            guard(account=account, person=found.person, relation=relation, proof=proof, at=at)
    except IntegrityError as error:
        if violated(error) == "one_account_per_self":
            raise HasAHolder from error
        raise refusal_of(error) from error
    return found.person


def forget_codes(at: datetime) -> int:
    """Delete the codes that ended more than `REMEMBERED` ago; return how many."""
    return GuardianCode.objects.filter(expires_at__lt=at - REMEMBERED).delete()[0]


def _usable(account: Account, typed: str, at: datetime) -> GuardianCode:
    """Return the code for this account, with its person and the code locked."""
    codes = GuardianCode.objects.filter(digest=_digest(normalise_short_code(typed)))
    known = codes.first()
    # The person first, as everywhere. So of two accounts at the same instant the second waits here.
    if known is None or _locked(known.person_id) is None:
        raise WrongGuardianCode
    found = codes.select_for_update(of=("self",)).select_related("person").get()
    if found.account_id == account.pk:
        raise OwnGuardianCode
    if _guards(account, found.person_id).exclude(UNPROVEN).exists():
        raise AlreadyLookedAfter
    if found.ending == CodeEnding.USED:
        raise GuardianCodeUsed
    if found.ending == CodeEnding.WITHDRAWN or not _maker_still_proven(found):
        raise GuardianCodeWithdrawn
    if found.expires_at <= at:
        raise GuardianCodeExpired
    return found


def _maker_still_proven(code: GuardianCode) -> bool:
    makers = Guardianship.objects.filter(account=code.account_id, account__is_active=True)
    return makers.filter(person=code.person_id).exclude(UNPROVEN).exists()


def _locked(person_id: int) -> Person | None:
    return Person.objects.select_for_update().filter(pk=person_id).first()


def _guards(account: Account, person_id: int) -> QuerySet[Guardianship]:
    return Guardianship.objects.filter(account=account, person=person_id)


def _open_codes(account: Account, person_id: int) -> QuerySet[GuardianCode]:
    return GuardianCode.objects.filter(account=account, person=person_id, ending="")


def _digest(code: str) -> bytes:
    return vault.index("guardian-code", code)
