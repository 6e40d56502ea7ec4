"""Phone numbers in E.164; mainland mobile numbers may come bare."""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid

MAINLAND_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
SEPARATORS = re.compile(r"[\s().\-\u2010-\u2015\u200b-\u200f]")


def normalise(text: str) -> str:
    """The number in E.164, "138 0013 8000" -> "+8613800138000".

    Raises:
        InvalidInput: it is no phone number; bare numbers must be mainland mobile numbers.
    """
    number = SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    if number.startswith("00"):
        number = "+" + number[2:]
    if MAINLAND_MOBILE.fullmatch(number):
        number = "+86" + number
    mainland = number.startswith("+86")
    if not E164.fullmatch(number) or (mainland and not MAINLAND_MOBILE.fullmatch(number[3:])):
        raise invalid(
            "/phone",
            _("Give a mainland mobile number of 11 digits, or + and the country's code before it."),
        )
    return number
