"""Compare the holder of a foreign certificate with a registered person.

The vault (the encrypted tables of this package) holds names as people typed them, in any script. It
holds a birth date only if the document number contains one. The certificate has the name as written
and in the letters A to Z (ICAO Doc 9303, part 3). This module compares them here, so that names and
birth dates do not leave the vault. docs/decisions/0020-whose-certificate.md says what follows from
each result.
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

# Unicode does not decompose these letters to A-Z; ICAO Doc 9303-3, section 6 A, spells them so.
_LETTERS: Final = str.maketrans(
    {"Æ": "AE", "Œ": "OE", "Ø": "OE", "ẞ": "SS", "Þ": "TH", "Đ": "D", "Ð": "D", "Ł": "L"}
    | {"Ħ": "H", "Ŋ": "N", "Ŧ": "T", "ĸ": "Q"}
)
# That section allows several spellings of some letters (Ü is UE, UXX or U). Both names get the
# shortest spelling, so that MUELLER and MULLER are the same name.
_CHOICES: Final = re.compile("UXX|NXX|AE|OE|UE|AA")


class HolderMatch(StrEnum):
    """Which details of a certificate's holder agree with the registered person."""

    NAME_AND_BIRTH_DATE = "name_and_birth_date"
    NAME = "name"
    """The name agrees, and the vault holds no birth date of this person."""
    INCONCLUSIVE = "inconclusive"
    """Nothing disagrees, but too little agrees: an officer must look at the document."""
    NO_MATCH = "no_match"
    """The name or the birth date disagrees: the certificate belongs to somebody else."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The name and birth date in a certificate; "" where the certificate has none.

    The Latin parts are in the letters A to Z with `<` between words. `born` is an ISO date, the
    beginning of an ISO date, or "".
    """

    family: str
    given: str
    family_latin: str
    given_latin: str
    born: str


def match_holder(person_id: int, holder: Holder) -> HolderMatch:
    """Compare `holder` with the registered name and birth date of the person.

    Raises:
        Identity.DoesNotExist: no person has this number.
    """
    who = Identity.objects.get(pk=person_id)
    row = who.number_index
    name = vault.unseal(who.name_sealed, field=Field.NAME, row=row)
    number = vault.unseal(who.number_sealed, field=Field.NUMBER, row=row)
    return compare(name, birth_date(IdType(who.id_type), number), holder)


def compare(name: str, born: date | None, holder: Holder) -> HolderMatch:
    """Compare `holder` with a registered name and birth date; None: no birth date is held."""
    same_name = _same_name(name, holder)
    same_day = _same_day(born, holder.born)
    if same_name is False or same_day is False:
        return HolderMatch.NO_MATCH
    if same_name and same_day:
        return HolderMatch.NAME_AND_BIRTH_DATE
    if same_name and born is None:
        return HolderMatch.NAME
    return HolderMatch.INCONCLUSIVE


def _same_day(held: date | None, claimed: str) -> bool | None:
    """Return whether the dates agree; None where a missing part leaves it open."""
    if held is None:
        return None
    if not held.isoformat().startswith(claimed[:10]):
        return False
    return True if len(claimed) >= 10 else None


def _same_name(held: str, holder: Holder) -> bool | None:
    """Return whether the names agree.

    None: the scripts differ, or some words agree and others do not.
    """
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
    """Return the name in lower case, without spaces, hyphens and other separators."""
    return NO_LETTERS.sub("", unicodedata.normalize("NFKC", name).casefold())


def _latin_words(name: str) -> list[str] | None:
    """Return the words of a name in A to Z; None when the name is in another script."""
    upper = _APOSTROPHES.sub("", name).upper().translate(_LETTERS)
    # NFKD splits accents off the letters A to Z in every version of Unicode: U+0300 to U+036F.
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", upper))
    words = [word for word in NO_LETTERS.split(plain) if word]
    if not all(word.isascii() for word in words):
        return None
    return [_CHOICES.sub(lambda choice: choice[0][0], word) for word in words]
