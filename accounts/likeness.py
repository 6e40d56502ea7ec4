"""Whether what a foreign certificate says of its holder fits a person of the vault.

The vault holds names as typed, in any script, and a birth date only inside some numbers; the
certificate has the name as written and in the letters A to Z (ICAO Doc 9303, part 3). They are
compared in here, so that nothing leaves the vault. docs/decisions/0020-whose-certificate.md says
what each answer is worth.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from accounts import vault
from accounts.identity import birth_date
from accounts.models import Identity, IdType
from accounts.vault import Field
from healthcode.web.texts import NO_LETTERS

_APOSTROPHES: Final = re.compile("['’ʼ`]")
_ACCENTS: Final = re.compile("[\u0300-\u036f]")

# Letters that no decomposition leads back to A-Z, as ICAO Doc 9303-3, section 6 A, writes them.
_LETTERS: Final = str.maketrans(
    {"Æ": "AE", "Œ": "OE", "Ø": "OE", "ẞ": "SS", "Þ": "TH", "Đ": "D", "Ð": "D", "Ł": "L"}
    | {"Ħ": "H", "Ŋ": "N", "Ŧ": "T", "ĸ": "Q"}
)
# The section leaves a choice for some letters (Ü is UE, UXX or U): both sides are brought to the
# shortest, so that MUELLER and MULLER are one name.
_CHOICES: Final = re.compile("UXX|NXX|AE|OE|UE|AA")


class Likeness(StrEnum):
    """How a certificate's holder compares with a person."""

    NAME_AND_BIRTH_DATE = "name_and_birth_date"
    NAME = "name"
    """The name alone: no birth date is held."""
    UNSURE = "unsure"
    """Nothing contradicts it and not enough supports it; somebody must look at the document."""
    ANOTHER = "another"


@dataclass(frozen=True, slots=True)
class Holder:
    """What a certificate says of its holder: the name's parts, "" where there is none.

    The Latin parts are in the letters A to Z with `<` between words. `born` is an ISO date, the
    beginning of one, or "".
    """

    family: str
    given: str
    family_latin: str
    given_latin: str
    born: str


def likeness(person_id: int, holder: Holder) -> Likeness:
    """How `holder` compares with the person.

    Raises:
        Identity.DoesNotExist: there is no such person.
    """
    who = Identity.objects.get(pk=person_id)
    row = who.number_index
    name = vault.unseal(who.name_sealed, field=Field.NAME, row=row)
    number = vault.unseal(who.number_sealed, field=Field.NUMBER, row=row)
    return compare(name, birth_date(IdType(who.id_type), number), holder)


def compare(name: str, born: date | None, holder: Holder) -> Likeness:
    """How `holder` compares with somebody of this name, and of this birth date where it is held."""
    same_name = _same_name(name, holder)
    same_day = _same_day(born, holder.born)
    if same_name is False or same_day is False:
        return Likeness.ANOTHER
    if same_name and same_day:
        return Likeness.NAME_AND_BIRTH_DATE
    if same_name and born is None:
        return Likeness.NAME
    return Likeness.UNSURE


def _same_day(held: date | None, claimed: str) -> bool | None:
    """None where one of the two is missing or incomplete, and nothing contradicts."""
    if held is None:
        return None
    if not held.isoformat().startswith(claimed[:10]):
        return False
    return True if len(claimed) >= 10 else None


def _same_name(held: str, holder: Holder) -> bool | None:
    """None where the scripts differ, or where some words agree and others do not."""
    family, given = _letters(holder.family), _letters(holder.given)
    if _letters(held) in {family + given, given + family}:
        return True
    words = _latin_words(held)
    if words is None:
        return None
    family_words, given_words = (
        _latin_words(part) or [] for part in (holder.family_latin, holder.given_latin)
    )
    family, given = "".join(family_words), "".join(given_words)
    claimed = [*family_words, *given_words]
    if sorted(words) == sorted(claimed) or "".join(words) in {family + given, given + family}:
        return True
    return None if set(words) & set(claimed) else False


def _letters(name: str) -> str:
    """A name without whatever separates its words, in one case."""
    return NO_LETTERS.sub("", unicodedata.normalize("NFKC", name).casefold())


def _latin_words(name: str) -> list[str] | None:
    """The words of a name in A to Z; None when it is written in another script."""
    upper = _APOSTROPHES.sub("", name).upper().translate(_LETTERS)
    # Accents of a to z are decomposed by every interpreter; they are U+0300 to U+036F.
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", upper))
    words = [word for word in NO_LETTERS.split(plain) if word]
    if not all(word.isascii() for word in words):
        return None
    return [_CHOICES.sub(lambda choice: choice[0][0], word) for word in words]
