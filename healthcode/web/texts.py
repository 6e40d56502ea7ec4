"""Clean texts that people type or paste into pages, API calls, files and commands.

The closed lists of docs/format.md, section 10, say which characters are removed or refused. We do
not use Python's own Unicode data for this, because it changes with the version of Python, and names
get new characters every few years. Only NFC normalization uses this data. This is safe, because NFC
does not change unknown characters.
"""

import re
import unicodedata
from typing import Final

from healthcode.core.claims import INVISIBLE
from healthcode.core.strict_json import without_mark

BLANKS: Final = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
UNSEEN: Final = r"\xad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff"
TURNING: Final = r"\u202a-\u202e\u2066-\u206f"
DASHES: Final = r"_\u2010-\u2015\u2212\ufe58\ufe63\uff0d\uff3f-"
SIGNS: Final = (
    r"\x00-@\[-`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7\u0300-\u036f\u0591-\u05c7"
    r"\u05f3\u05f4\u0600-\u061f\u064b-\u0670\u06d4\u06d6-\u06ed\u06f0-\u06f9\u2000-\u20cf\u2190-\u2bff"
    r"\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d-\u303f\u30fb\ud800-\udfff\ufe00-\ufe6f"
    r"\ufeff-\uff20\uff3b-\uff40\uff5b-\uff65\ufff0-\uffff\U0001f000-\U0001faff"
    r"\U000e0000-\U000e0fff"
)
"""Classes of characters, in the form between the brackets of a regular expression."""

_BLANKS: Final = re.compile(f"[{BLANKS}]+")
_UNSEEN: Final = re.compile(f"[{UNSEEN}]+")
# A list for `str.strip`, because a pattern takes quadratic time on a long run of blanks.
_AROUND: Final = "".join(re.findall(f"[{BLANKS}{UNSEEN}]", "".join(map(chr, range(0x10000)))))
_SEPARATORS: Final = re.compile(f"[{BLANKS}{UNSEEN}{TURNING}{DASHES}]+")
_DIGITS: Final = re.compile("[0-9]{1,18}")
_HALF_WIDTH: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_UPPER: Final = {ord("a") + n: ord("A") + n for n in range(26)}
NO_LETTERS: Final = re.compile(f"[{SIGNS}]+")


class NotVisible(ValueError):
    """A text has characters that are invisible or change the writing direction."""


def read_utf8(data: bytes) -> str:
    """Decode a body or a file, without its byte order mark. Raises UnicodeDecodeError."""
    return without_mark(data).decode("utf-8")


def line(text: str) -> str:
    """Clean a name or another text of one line: NFC, single spaces, no marks from copying.

    Raises NotVisible when other characters of the list remain.
    """
    cleaned = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    found = _BLANKS.sub(" ", cleaned).strip(" ")
    if INVISIBLE.search(found):
        raise NotVisible
    return found


def words(text: str) -> list[str]:
    """Split a text into words at its blanks."""
    return [word for word in _BLANKS.split(text) if word]


def trimmed(text: str) -> str:
    """Remove blanks and invisible characters around a text."""
    return text.strip(_AROUND)


def sought(text: str) -> str:
    """Return what somebody looks for: trimmed, and without NUL, which PostgreSQL refuses."""
    return trimmed(text.replace("\0", ""))


def number(text: str) -> str:
    """Return the letters and digits of a number or code: half width, a to z in upper case."""
    return _SEPARATORS.sub("", text.translate(_HALF_WIDTH)).translate(_UPPER)


def half_width(text: str) -> str:
    """Trim a text, and convert full-width letters, digits and signs to half width."""
    return trimmed(text.translate(_HALF_WIDTH))


def whole(text: str) -> int:
    """Return the whole number in a text; 0, which numbers nothing, if it is none or too long."""
    digits = half_width(text)
    return int(digits) if _DIGITS.fullmatch(digits) else 0


def says_nothing(text: str) -> bool:
    """Tell whether a text has nothing to read."""
    return not trimmed(text)


def has_letters(text: str) -> bool:
    """Tell whether a text has more than digits and signs; unknown characters count as letters."""
    return bool(NO_LETTERS.sub("", text))
