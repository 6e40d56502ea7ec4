"""Sessions of staff: between password and second factor, how long they last, when they are over.

A session that has only shown the password is logged in nowhere. It holds a pending login, with
which its holder shows or sets up a second factor, and nothing else.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final

from django.contrib import auth, messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import sign_ins
from accounts.event_models import AccountEventKind
from accounts.models import OF_PEOPLE, Account, KnownDevice, Role
from accounts.second_factor import FRESH, NEED_SECOND_FACTOR

LIFE: Final = timedelta(hours=12)
IDLE: Final = timedelta(minutes=30)
PENDING_LIFE: Final = timedelta(minutes=10)
_COARSE: Final = timedelta(minutes=1)
"""How exactly a session knows when it was last used, so that not every page writes to it."""

_PENDING: Final = "staff_pending"
_BEGAN: Final = "staff_began"
_SEEN: Final = "staff_seen"
_PROVED: Final = "staff_proved"


class Over(Enum):
    """Why a session of staff is over, as a sentence for its holder."""

    TIME = _(
        "You were logged out: after 30 minutes without a click, and after 12 hours in any case. "
        "What you had typed and not sent was not kept. Please log in again."
    )
    FACTOR = _(
        "Your account now needs a second factor at each login. Please log in again. What you had "
        "typed and not sent was not kept."
    )

    @property
    def sentence(self) -> Promise:
        """Return the sentence."""
        sentence: Promise = self.value
        return sentence


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """Somebody who has shown the right password, and not yet a second factor.

    `device` is the known device of the browser. `goal` is the path that it asked for.
    """

    account: Account
    device: KnownDevice | None
    goal: str


def why_over(kept: Mapping[str, Any], roles: Collection[Role], *, at: datetime) -> Over | None:
    """Return why a session with these contents is over for an account of staff; None if it is not.

    Args:
        kept: what the session holds.
        roles: the roles of its account.
    """
    began, seen = _instant(kept, _BEGAN), _instant(kept, _SEEN)
    if began is None or seen is None or at - began >= LIFE or at - seen >= IDLE:
        return Over.TIME
    if _PROVED not in kept and NEED_SECOND_FACTOR.intersection(roles):
        return Over.FACTOR
    return None


def account_of_session(request: HttpRequest, *, at: datetime) -> Account | AnonymousUser:
    """Return who is logged in with this browser. A session that is over ends here."""
    account = auth.get_user(request)
    if not isinstance(account, Account):
        return AnonymousUser()
    if not is_of_staff(account):
        return account
    roles = {role for role, _area in account.held}
    over = why_over(dict(request.session.items()), roles, at=at)
    if over is not None:
        request.session.flush()
        if over is Over.TIME:
            sign_ins.note(account=account, kind=AccountEventKind.IDLE_ENDED, at=at)
        messages.info(request, str(over.sentence))
        return AnonymousUser()
    seen = _instant(dict(request.session.items()), _SEEN)
    if seen is None or at - seen >= _COARSE:
        request.session[_SEEN] = int(at.timestamp())
    return account


def is_of_staff(account: Account) -> bool:
    """Tell whether these rules are for the account: whether it has a role of staff."""
    return any(role in OF_PEOPLE for role, _area in account.held)


def begin(request: HttpRequest, *, has_proved: bool, at: datetime) -> None:
    """Note that somebody of the staff has logged in, with a second factor if `has_proved`."""
    request.session.pop(_PENDING, None)
    request.session[_BEGAN] = request.session[_SEEN] = int(at.timestamp())
    request.session.set_expiry(at + LIFE)
    if has_proved:
        note_proof(request, at=at)


def note_proof(request: HttpRequest, *, at: datetime) -> None:
    """Note that the holder of the session has just shown a second factor."""
    request.session[_PROVED] = int(at.timestamp())


def has_proved(request: HttpRequest) -> bool:
    """Tell whether the holder of the session has shown a second factor in it."""
    return _PROVED in request.session


def has_just_proved(request: HttpRequest, *, at: datetime) -> bool:
    """Tell whether this was within the last minutes (`FRESH`)."""
    proved = _instant(dict(request.session.items()), _PROVED)
    return proved is not None and at - proved < FRESH


def begin_pending(
    request: HttpRequest, account: Account, device: KnownDevice | None, goal: str, *, at: datetime
) -> None:
    """Note that the password was right. The session gets a new key, and is logged in nowhere."""
    request.session.flush()
    request.session[_PENDING] = {
        "account": account.pk,
        "hash": account.get_session_auth_hash(),
        "device": device.pk if device else None,
        "goal": goal,
        "at": int(at.timestamp()),
    }


def pending_login(request: HttpRequest, *, at: datetime) -> PendingLogin | None:
    """Return the pending login of the session; None if there is none, or its time is over."""
    kept = request.session.get(_PENDING)
    if kept is None or at - datetime.fromtimestamp(kept["at"], UTC) >= PENDING_LIFE:
        return None
    account = Account.objects.filter(pk=kept["account"], is_active=True).first()
    # The hash changes with the password, so a new password ends pending logins, too.
    if account is None or not constant_time_compare(kept["hash"], account.get_session_auth_hash()):
        return None
    device = KnownDevice.objects.filter(pk=kept["device"], account=account).first()
    return PendingLogin(account, device, str(kept["goal"]))


def _instant(kept: Mapping[str, Any], name: str) -> datetime | None:
    seconds = kept.get(name)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
