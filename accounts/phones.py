"""Phone numbers in E.164. Mainland mobile numbers may lack the country code."""

import re

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.errors import PhoneNotServed, invalid
from healthcode.web import texts

_MAINLAND_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
_E164 = re.compile(r"\+(?!86)[1-9][0-9]{6,14}")
_PUNCTUATION = str.maketrans("", "", "().")


def normalise(text: str) -> str:
    """Return the number in E.164: "138 0013 8000" -> "+8613800138000".

    Raises:
        InvalidInput: it is not a phone number, or lacks the country code and is not a mainland
            mobile number.
    """
    number = texts.number(text).translate(_PUNCTUATION)
    if number.startswith("00"):
        number = "+" + number[2:]
    mainland = _MAINLAND_MOBILE.fullmatch(number)
    if mainland:
        return "+86" + mainland[1]
    if not _E164.fullmatch(number):
        raise invalid(
            "/phone",
            _(
                "Please enter a mainland mobile number of 11 digits. For other numbers, begin "
                "with + and the country code, such as +852."
            ),
        )
    return number


def require_served(number: str) -> None:
    """Check that codes are sent to numbers of this country (`SMS_COUNTRIES`).

    Args:
        number: in E.164. No country's code begins with the whole code of another one.

    Raises:
        PhoneNotServed: they are not.
    """
    served = [f"+{code}" for code in settings.SMS_COUNTRIES.split(",")]
    if not number.startswith(tuple(served)):
        raise PhoneNotServed(", ".join(served))
