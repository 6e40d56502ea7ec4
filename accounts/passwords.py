"""Logins of staff by name and password.

Strangers know names. So wrong passwords of strangers make only strangers slower
(docs/decisions/0052).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth import authenticate

from accounts import client, devices, limits, sign_ins
from accounts.errors import WrongPassword
from accounts.event_models import AccountEventKind
from accounts.limits import Limit
from accounts.models import Account, KnownDevice
from healthcode.web import texts
from healthcode.web.errors import TooMany

PER_DEVICE: Final = Limit("password-device", 10, timedelta(minutes=15))
PER_ADDRESS: Final = Limit("password-address", 100, timedelta(minutes=15))
HERE: Final = Limit("password-here", 5, timedelta(minutes=15))
# After so many wrong passwords of unknown devices somebody is guessing, and from then on each
# address has only a few tries a day for this name.
GUESSED: Final = Limit("password-guessed", 100, timedelta(days=1))
HERE_WHILE_GUESSED: Final = Limit("password-here-guessed", 5, timedelta(days=1))


def verify_password(
    *,
    username: str,
    password: str,
    at: datetime,
    address: str = "",
    device_tokens: Sequence[str] = (),
) -> tuple[Account, KnownDevice | None]:
    """Return the staff account with this name, and its known device, if the password is right.

    Raises:
        TooMany: there were too many tries with this name at this address, or from this address.
        WrongPassword: name and password do not belong together, or the account is closed.
    """
    try:
        username = texts.line(username)
    except texts.NotVisible:  # PostgreSQL refuses some of these characters, such as NUL
        raise WrongPassword from None
    network = client.network(address)
    known = devices.known_device(device_tokens, username=username, at=at)
    if known is None or not limits.take_if_left(PER_DEVICE, str(known.pk), at=at):
        try:
            limits.take(_limits_of_strangers(username, network, at), at=at)
        except TooMany:
            sign_ins.note_failure(kind=AccountEventKind.HELD_OFF, username=username, at=at)
            raise
    account = authenticate(username=username, password=password)
    if not isinstance(account, Account):
        if known is None:
            limits.take_if_left(GUESSED, username, at=at)
        sign_ins.note_failure(kind=AccountEventKind.WRONG_PASSWORD, username=username, at=at)
        raise WrongPassword
    for limit in (HERE, HERE_WHILE_GUESSED):
        limits.forgive(limit, _here(username, network))
    return account, known


def _limits_of_strangers(username: str, network: str, at: datetime) -> list[tuple[Limit, str]]:
    taken = [(PER_ADDRESS, network), (HERE, _here(username, network))]
    if limits.is_used_up(GUESSED, username, at=at):
        taken.append((HERE_WHILE_GUESSED, _here(username, network)))
    return taken


def _here(username: str, network: str) -> str:
    return f"{username}\n{network}"
