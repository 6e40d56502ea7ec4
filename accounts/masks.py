"""Mask names and numbers: enough stays for people who know them, too little for others."""

import re

from healthcode.web import texts

MOST_NAME_BYTES = 12
HIDDEN = "***"
SHORTEST_SHOWN = 6

# Scripts with upper and lower case, by Unicode blocks (docs/format.md, section 10). The list is
# written out because Python's own data lacks newer scripts.
ALPHABETS = (
    "A-Za-z\xb5\xc0-\xd6\xd8-\xf6\xf8-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f-\u0481"
    "\u048a-\u0588\u10a0-\u10ff\u13a0-\u13ff\u1c80-\u1cbf\u1d00-\u1dbf\u1e00-\u1fff\u2100-\u218f"
    "\u2c00-\u2d2f\ua640-\ua69b\ua722-\ua7ff\uab30-\uabbf\ufb00-\ufb17\uff21-\uff3a\uff41-\uff5a"
    "\U00010400-\U0001044f\U000104b0-\U000104ff\U00010570-\U000105bf\U00010c80-\U00010cff"
    "\U00010d50-\U00010d8f\U000118a0-\U000118df\U00016e40-\U00016edf\U0001d400-\U0001d7cb"
    "\U0001df00-\U0001dfff\U0001e900-\U0001e943"
)
_ALPHABETS = re.compile(f"[{ALPHABETS}]")


def name(full: str) -> str:
    """Mask a name for the door (at most 12 bytes): "张小明" -> "张*", "John Smith" -> "J*** S***".

    Names in an alphabet keep the initials of the first and the last word. Names in other scripts,
    which have no spaces, keep their first character.
    """
    words = texts.words(full)
    if not words:
        return "*"
    if not _alphabetic(words[0][0]):
        return words[0][0] + "*"
    initials = [words[0][0]] if len(words) == 1 else [words[0][0], words[-1][0]]
    masked = " ".join(initial + HIDDEN for initial in initials)
    return masked if len(masked.encode()) <= MOST_NAME_BYTES else initials[0] + HIDDEN


def number(full: str) -> str:
    """Keep the first and the last two characters of a document's number; none of a short one."""
    if len(full) < SHORTEST_SHOWN:
        return "*" * len(full)
    return full[0] + "*" * (len(full) - 3) + full[-2:]


def phone(full: str) -> str:
    """Keep the last two digits of a phone number."""
    return "*" * 9 + full[-2:]


def _alphabetic(character: str) -> bool:
    return _ALPHABETS.fullmatch(character) is not None
