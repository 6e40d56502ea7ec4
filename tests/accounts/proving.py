"""Prove in tests that an account may look after a person, as an officer's desk does."""

from datetime import datetime

from django.test import Client
from django.utils import timezone

from accounts import devices
from accounts.guardians import guard
from accounts.models import (
    Account,
    DeviceKind,
    Guardianship,
    IdentityProof,
    KnownDevice,
    Person,
    Relation,
    Token,
)


def prove(account: Account, person: Person, *, at: datetime) -> None:
    """Let the register have confirmed what this account registered."""
    found = Guardianship.objects.get(account=account, person=person)
    guard(
        account=account,
        person=person,
        relation=Relation(found.relation),
        proof=IdentityProof.REGISTER,
        at=at,
    )


def proves_itself(account: Account, browser: Client | None = None) -> KnownDevice:
    """Let an account have answered a step-up just now: with its tokens, and in a browser."""
    now = timezone.now()
    device, _token = devices.remember(
        account=account,
        device=None,
        kind=DeviceKind.PROGRAM,
        session=(browser.session.session_key or "") if browser else "",
        at=now,
        proved_at=now,
    )
    Token.objects.filter(account=account, device=None).update(device=device)
    return device
