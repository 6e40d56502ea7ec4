"""Who may act where: roles hold over an area and all below it."""

import re
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.errors import OutsideYourArea, invalid
from accounts.models import Account, Role
from healthcode.web import texts
from healthcode.web.errors import Forbidden


def normalise_code(code: str, *, pointer: str = "/area") -> str:
    """The short form of a division's code: 2, 4, 6 or 9 digits without padding.

    Takes the padded forms in use: 6 digits (GB/T 2260) and 12 digits (statistics), as in
    "330000" -> "33", "330100" -> "3301", "330102001000" -> "330102001".

    Args:
        pointer: the member of the input to blame (JSON pointer).

    Raises:
        InvalidInput: the text is no code of a division.
    """
    digits = texts.half_width(code)
    if not re.fullmatch(r"(\d{2}){1,3}|\d{9}|\d{9}000", digits, re.ASCII):
        raise invalid(pointer, _("Give the area by its code of 2, 4, 6 or 9 digits."))
    if len(digits) == 12:
        digits = digits[:9]
    if len(digits) == 9 and digits.endswith("000"):
        digits = digits[:6]
    while len(digits) in (4, 6) and digits.endswith("00"):
        digits = digits[:-2]
    return digits


def areas_checked_by(check: Callable[[str, datetime, str], None]) -> None:
    """Take what knows divisions, in a room above: code, instant, the member of the input to blame.

    It raises UnknownArea or EndedArea.
    """
    _CHECKS.append(check)


def require_area(code: str, *, at: datetime, pointer: str = "/area") -> None:
    """Let nobody give somebody a home or an authority in what is no division at `at`.

    Raises:
        UnknownArea, EndedArea: there was never such a division, or there is no longer.
    """
    for check in _CHECKS:
        check(code, at, pointer)


_CHECKS: list[Callable[[str, datetime, str], None]] = []


def covers(authority: str, code: str) -> bool:
    """Whether `code` is the area `authority` or lies in it; both in short form."""
    return code.startswith(authority)


def holds(account: Account, role: Role) -> bool:
    """Whether the account has this role, wherever."""
    return any(held == role for held, _area in account.held)


def areas_of(account: Account, role: Role) -> list[str]:
    """The areas over which the account has this role, short form, "" for the whole country."""
    return sorted(area for held, area in account.held if held == role)


def has_authority(account: Account, role: Role, area: str) -> bool:
    """Whether the account has `role` over `area` (short form).

    Raises:
        Forbidden: it has not this role at all.
    """
    if not holds(account, role):
        raise Forbidden(_("Your account may not do this."))
    return any(covers(held, area) for held in areas_of(account, role))


def province() -> str:
    """The province of this issuer, which is named CN- and its code (docs/format.md)."""
    return str(settings.ISSUER).removeprefix("CN-")


def require(account: Account, role: Role, area: str) -> None:
    """Let only those through who have `role` over `area` (short form).

    Raises:
        Forbidden: the account has not this role at all.
        OutsideYourArea: it has, but not here.
    """
    if not has_authority(account, role, area):
        raise OutsideYourArea
