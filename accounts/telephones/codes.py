"""Codes with which people show that they have a telephone, without logging in with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import client, limits, logins, phones, vault
from accounts.login_models import OneTimeCode
from accounts.models import Account
from healthcode.web import texts
from healthcode.web.errors import Refusal


@dataclass(frozen=True, slots=True, repr=False)
class TypedCode:
    """A code as typed, the phone number, and the login for which it was sent.

    It has no `repr`, so that a log never contains it.
    """

    phone: str
    otp: str
    login: str


def use_codes(
    typed: Sequence[TypedCode], *, asked_by: Account, at: datetime, address: str = ""
) -> list[Refusal | None]:
    """Use all these codes if each is right, and none otherwise; say for each what is wrong.

    Args:
        asked_by: the account that asked for the codes (`logins.OtherUse`).
        address: the client's IP address.

    Raises:
        InvalidInput: a phone number has a wrong form.
        TooMany: there were too many tries from this address.
    """
    network = client.network(address)
    numbers = [phones.normalise(one.phone) for one in typed]
    if address:
        limits.take([(logins.TRIES_PER_ADDRESS, network)], at=at)
    # The caller raises the refusals after the transaction, because counted tries must be committed.
    with transaction.atomic():
        found = [
            logins.right_code(
                logins.login_of(vault.index("phone", number), one.login, network, asked_by),
                number,
                texts.number(one.otp),
                at,
            )
            for one, number in zip(typed, numbers, strict=True)
        ]
        right = [code for code in found if isinstance(code, OneTimeCode)]
        if len(right) == len(found):
            for code, number in zip(right, numbers, strict=True):
                logins.use_code(code, number, at)
    return [one if isinstance(one, Refusal) else None for one in found]
