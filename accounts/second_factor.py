"""Second factors of staff: who needs one, which ones an account has, and how one is removed.

`accounts.passkeys` and `accounts.authenticator_apps` add and check them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import devices, sign_ins
from accounts.event_models import AccountEventKind
from accounts.factor_errors import LastFactor
from accounts.models import Account, KnownDevice, Role
from accounts.second_factor_models import AuthenticatorApp, Passkey
from healthcode.web.errors import NotFound

NEED_SECOND_FACTOR: Final = frozenset({Role.OFFICER, Role.ADMINISTRATOR})
"""The roles that nobody has in a session without a second factor. Others may have one."""
FRESH: Final = timedelta(minutes=10)
"""How long after a second factor was shown its holder may add or remove one."""


@dataclass(frozen=True, slots=True)
class Factors:
    """The second factors of an account; `passkeys` has blocked ones, too."""

    passkeys: tuple[Passkey, ...]
    app: AuthenticatorApp | None

    @property
    def usable(self) -> tuple[Passkey, ...]:
        """Return the passkeys that are not blocked."""
        return tuple(one for one in self.passkeys if one.blocked_at is None)

    @property
    def has_any(self) -> bool:
        """Return whether its holder can show one."""
        return bool(self.usable) or self.app is not None

    @property
    def are_set_up(self) -> bool:
        """Return whether there is one, also if it is blocked. Then nobody sets up a first one."""
        return bool(self.passkeys) or self.app is not None


def factors_of(account: Account) -> Factors:
    """Return the account's second factors, the oldest first."""
    return Factors(
        tuple(Passkey.objects.filter(account=account).order_by("added_at", "pk")),
        AuthenticatorApp.objects.filter(account=account).first(),
    )


def is_needed(account: Account) -> bool:
    """Tell whether the account has a role that nobody has without a second factor."""
    return any(role in NEED_SECOND_FACTOR for role, _area in account.held)


def is_asked(account: Account) -> bool:
    """Tell whether a login of the account asks for a second factor after the password."""
    return is_needed(account) or factors_of(account).are_set_up


def note_added(*, account: Account, here: KnownDevice | None, at: datetime) -> None:
    """Note that a second factor was just added. The first one ends all other logins.

    Until then the password alone was enough, for whoever else knows it. So no session and no known
    device of that time stays, except `here`. Tokens stay, because a session needs a factor to make
    one.
    """
    sign_ins.note(account=account, kind=AccountEventKind.FACTOR_ADDED, at=at)
    added = factors_of(account)
    if len(added.passkeys) + (added.app is not None) == 1:
        devices.forget_other_devices(account=account, keep=here, at=at)


@transaction.atomic
def remove_passkey(*, account: Account, passkey_id: int, at: datetime) -> Passkey:
    """Remove a passkey of the account, and return what it was.

    Raises:
        NotFound: the account has no such passkey.
        LastFactor: the account needs a second factor, and has no other.
    """
    before = _locked_factors(account)
    chosen = next((one for one in before.passkeys if one.pk == passkey_id), None)
    if chosen is None:
        raise NotFound(_("You have no such passkey any more."))
    others = tuple(one for one in before.passkeys if one != chosen)
    _refuse_last(account, Factors(others, before.app))
    Passkey.objects.filter(pk=chosen.pk).delete()
    sign_ins.note(account=account, kind=AccountEventKind.FACTOR_REMOVED, at=at)
    return chosen


@transaction.atomic
def remove_app(*, account: Account, at: datetime) -> None:
    """Remove the authenticator app of the account.

    Raises:
        NotFound: the account has none.
        LastFactor: the account needs a second factor, and has no other.
    """
    before = _locked_factors(account)
    if before.app is None:
        raise NotFound(_("You have no authenticator app any more."))
    _refuse_last(account, Factors(before.passkeys, None))
    before.app.delete()
    sign_ins.note(account=account, kind=AccountEventKind.FACTOR_REMOVED, at=at)


def remove_all(*, account: Account) -> None:
    """Remove all second factors: the account's holder sets up a new one at the next login."""
    Passkey.objects.filter(account=account).delete()
    AuthenticatorApp.objects.filter(account=account).delete()


def _locked_factors(account: Account) -> Factors:
    """Return the factors. Nobody else removes one of this account until the transaction ends."""
    Account.objects.select_for_update().get(pk=account.pk)
    return factors_of(account)


def _refuse_last(account: Account, left: Factors) -> None:
    if is_needed(account) and not left.has_any:
        raise LastFactor
