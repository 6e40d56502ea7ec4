"""Who may act where: a role holds over an area and everything inside it."""

import re
from collections.abc import Callable, Collection
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.errors import OutsideYourArea, invalid
from accounts.models import Account, Role
from healthcode.web import texts
from healthcode.web.errors import Forbidden


def normalise_code(code: str, *, pointer: str = "/area") -> str:
    """Return the short form of a division's code: 2, 4, 6 or 9 digits without padding.

    The padded forms have 6 digits (GB/T 2260) or 12 digits (statistics bureau): "330000" -> "33",
    "330100" -> "3301", "330102001000" -> "330102001".

    Args:
        pointer: the JSON pointer to the input member; an error names it.

    Raises:
        InvalidInput: the text does not have the form of a division's code.
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
    """Register a function of the areas room that checks a code at an instant.

    Its last argument is the JSON pointer for the refusal. It raises UnknownArea or EndedArea.
    """
    _CHECKS.append(check)


def require_area(code: str, *, at: datetime, pointer: str = "/area") -> None:
    """Refuse a home or an authority in something that is not a division at `at`.

    Raises:
        UnknownArea, EndedArea: there never was such a division, or it has ended.
    """
    for check in _CHECKS:
        check(code, at, pointer)


_CHECKS: list[Callable[[str, datetime, str], None]] = []


def covers(authority: str, code: str) -> bool:
    """Tell whether `code` is the area `authority` or inside it; both are short codes."""
    return code.startswith(authority)


def holds(account: Account, role: Role) -> bool:
    """Tell whether the account has this role in any area."""
    return any(held == role for held, _area in account.held)


def areas_of(account: Account, role: Role) -> list[str]:
    """Return the short codes of the areas of this role; "" is the whole country."""
    return sorted(area for held, area in account.held if held == role)


def has_authority(account: Account, role: Role, area: str) -> bool:
    """Tell whether the account has `role` over `area` (short code).

    Raises:
        Forbidden: the account does not have this role anywhere.
    """
    if not holds(account, role):
        raise Forbidden(_("Your account may not do this."))
    return any(covers(held, area) for held in areas_of(account, role))


def require_one_of(account: Account, roles: Collection[Role], area: str) -> None:
    """Refuse an account that has none of `roles` over `area` (short code).

    Raises:
        Forbidden: the account has none of these roles anywhere.
        OutsideYourArea: it has one of them, but not here.
    """
    held = [role for role in roles if holds(account, role)]
    if not held:
        raise Forbidden(_("Your account may not do this."))
    if not any(has_authority(account, role, area) for role in held):
        raise OutsideYourArea


def province() -> str:
    """Return the code of this issuer's province: its name without CN- (docs/format.md)."""
    return str(settings.ISSUER).removeprefix("CN-")


def require(account: Account, role: Role, area: str) -> None:
    """Refuse an account that does not have `role` over `area` (short code).

    Raises:
        Forbidden: the account does not have this role anywhere.
        OutsideYourArea: it has the role, but not here.
    """
    if not has_authority(account, role, area):
        raise OutsideYourArea
