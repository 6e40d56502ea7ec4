"""Identity documents: which numbers are possible, and the one spelling of each.

`_TYPES` has one record for each type. Only the resident's number and the new permanent residence
number have a published check digit.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from stdnum import numdb
from stdnum.cn import ric

from accounts import vault
from accounts.errors import invalid
from accounts.models import IdType
from healthcode.web import texts

OLDEST_AGE_YEARS = 130


def _codes() -> str:
    return gettext(", ").join(IdType.values)


UNKNOWN_TYPE: Final = format_lazy(
    _("Choose one of these types of document: {codes}."), codes=lazy(_codes, str)()
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document in its one spelling: half-width, upper case, no separators."""

    id_type: IdType
    number: str

    def index(self) -> bytes:
        """Return the keyed hash by which the vault finds the document."""
        return vault.index("document", self.id_type, self.number)


class _Impossible(Exception):
    """The number cannot be one of this type; `sentence` says what to check."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__()
        self.sentence = sentence


def parse(id_type: str, number: str, *, on: date) -> Document:
    """Check a document's number by the rules of its type.

    Args:
        id_type: one of the two-digit codes of `IdType`.
        number: as typed; full-width digits, spaces, hyphens and lower case are allowed.
        on: today in Asia/Shanghai; later birth dates are refused.

    Raises:
        InvalidInput: the type or the number is wrong. The error points at `/id_type` or
            `/id_number` and never repeats the number.
    """
    if id_type not in IdType.values:
        raise invalid("/id_type", UNKNOWN_TYPE)
    kind = IdType(id_type)
    try:
        return Document(kind, _TYPES[kind].spell(texts.number(number), on))
    except _Impossible as fault:
        raise invalid("/id_number", fault.sentence) from None


def birth_date(id_type: IdType, number: str) -> date | None:
    """Return the birth date in a number in its one spelling; None where it contains none."""
    return _TYPES[id_type].born(number)


_BORN_AT: Final = slice(6, 14)
"""The birth date (YYYYMMDD) within a GB 11643 number."""

_RESIDENCE_PERMITS: Final = frozenset({"810000", "820000", "830000"})
"""First six digits of residence permits for people of Hong Kong, Macao and Taiwan on the mainland.

Measures of the State Council of 19 August 2018, article 3. These codes name no area: 830000 does
not exist, and the area of Taiwan is 710000.
"""


def _resident_card(number: str, on: date) -> str:
    """Check GB 11643: 6 digits of area, 8 of birth date, 3 of sequence, a check digit 0-9 or X."""
    if re.fullmatch(r"\d{15}", number, re.ASCII):
        raise _Impossible(
            _(
                "This is a number of the old form. Please enter the 18 characters of the current "
                "card."
            )
        )
    if not re.fullmatch(r"\d{17}[\dX]", number, re.ASCII):
        raise _Impossible(
            _("A resident ID card number has 18 characters: 17 digits, then a digit or X.")
        )
    if number[-1] != ric.calc_check_digit(number):
        raise _Impossible(_("The check digit does not match. Please look for a mistyped digit."))
    _check_birth_date(number[_BORN_AT], on)
    issued_in = number[:6]
    if issued_in not in _RESIDENCE_PERMITS and not any(known(issued_in) for known in _AREAS):
        raise _Impossible(
            _(
                "The first six digits are not the code of any area. Please look for a mistyped "
                "digit."
            )
        )
    return number


def areas_known_to(known: Callable[[str], bool]) -> None:
    """Register a function of another room that knows areas (codes of 6 digits).

    The table of the library lacks the newest counties and some that ended long ago.
    """
    _AREAS.append(known)


def _in_library(area: str) -> bool:
    """Tell whether the library knows the area.

    The code in a number is that of the area that issued it, which may have begun after the birth
    and may have ended since. So it is enough that the code existed at some time.
    """
    return any(properties for _part, properties in numdb.get("cn/loc").info(area)[1:])


_AREAS: list[Callable[[str], bool]] = [_in_library]


def _permanent_residence(number: str, on: date) -> str:
    """Check 3 letters of nationality and 12 digits; since 2023 18 characters that begin with 9."""
    if re.fullmatch(r"[A-Z]{3}\d{12}", number, re.ASCII):
        return number
    if not re.fullmatch(r"9\d{16}[\dX]", number, re.ASCII):
        raise _Impossible(
            _("The number has 3 letters and then 12 digits, or 18 characters that begin with 9.")
        )
    if number[-1] != ric.calc_check_digit(number):
        raise _Impossible(_("The check digit does not match. Please look for a mistyped digit."))
    _check_birth_date(number[_BORN_AT], on)
    return number


def _hong_kong_macao(number: str, _on: date) -> str:
    """Check H or M and 8 digits, which stay for life; older cards add two digits for renewals."""
    if not re.fullmatch(r"[HM]\d{8}(\d{2})?", number, re.ASCII):
        raise _Impossible(_("The number of this permit is H or M, then 8 digits."))
    return number[:9]


def _taiwan(number: str, _on: date) -> str:
    """Check 8 digits, which stay for life; older booklets add two digits for renewals, a letter."""
    if not re.fullmatch(r"\d{8}(\d{2}[A-Z]?)?", number, re.ASCII):
        raise _Impossible(_("The number of this permit has 8 digits."))
    return number[:8]


def _form(pattern: str, sentence: Promise) -> Callable[[str, date], str]:
    form = re.compile(pattern, re.ASCII)

    def check(number: str, _on: date) -> str:
        if not form.fullmatch(number):
            raise _Impossible(sentence)
        return number

    return check


def _check_birth_date(digits: str, on: date) -> None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise _Impossible(
            _("The birth date in the number does not exist. Please look for a mistyped digit.")
        ) from None
    if not on.year - OLDEST_AGE_YEARS <= born.year or born > on:
        raise _Impossible(
            _("The birth date in the number cannot be right. Please look for a mistyped digit.")
        )


def _born_by_gb_11643(number: str) -> date | None:
    """Read the birth date from a number of 18 characters; older forms have none."""
    return date.fromisoformat(number[_BORN_AT]) if len(number) == 18 else None


def _untold(_number: str) -> None:
    """Return None, because numbers of this type contain no birth date."""


@dataclass(frozen=True, slots=True)
class _DocumentType:
    """The rules of one type of document.

    `spell` returns a compact number in its one spelling, as of a day, or raises `_Impossible`.
    `born` reads the birth date from a number in this spelling.
    """

    spell: Callable[[str, date], str]
    born: Callable[[str], date | None]


_TYPES: Final[Mapping[IdType, _DocumentType]] = {
    IdType.RESIDENT_CARD: _DocumentType(_resident_card, _born_by_gb_11643),
    IdType.HONG_KONG_MACAO_PERMIT: _DocumentType(_hong_kong_macao, _untold),
    IdType.TAIWAN_PERMIT: _DocumentType(_taiwan, _untold),
    IdType.TAIWAN_SINGLE_ENTRY_PERMIT: _DocumentType(
        _form(
            r"[A-Z]?\d{7,10}",
            _("The number of this permit has 7 to 10 digits, sometimes after one letter."),
        ),
        _untold,
    ),
    IdType.PASSPORT: _DocumentType(
        _form(
            r"(?=.*\d)[A-Z0-9]{5,9}",
            _("A passport number has 5 to 9 letters and digits. It is printed on the data page."),
        ),
        _untold,
    ),
    IdType.FOREIGN_PERMANENT_RESIDENCE: _DocumentType(_permanent_residence, _born_by_gb_11643),
    IdType.OTHER: _DocumentType(
        _form(
            r"[A-Z0-9]{4,32}", _("Please enter 4 to 32 letters and digits of the document number.")
        ),
        _untold,
    ),
}
