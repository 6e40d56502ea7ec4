"""Read the content of an EU certificate, as far as this service uses it (DCC schema 1.3).

Other members may be missing, empty or of another form, because thirty countries issue certificates.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from healthcode.core import cbor
from healthcode.core.errors import MalformedCode

_MONTH_AND_DAY: Final = r"-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])%s)?"
# Some issuers write a time after a date.
_TIME: Final = r"(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}" + _TIME, re.ASCII)
_BORN: Final = re.compile(rf"((19|20)\d\d({_MONTH_AND_DAY % _TIME})?)?", re.ASCII)
_DATE_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T.*", re.ASCII)
_ANY: Final = re.compile(r".{1,128}", re.DOTALL)
_DOSES: Final = range(1, 10)
# RFC 8949, 3.4.1, and RFC 8943: a text that is a time, and a text that is a day.
_TAGS_OF_TEXTS: Final = (0, 1004)
_NAMES: Final = ("fnt", "gnt", "fn", "gn")

_Rule = re.Pattern[str] | range
_EVERY: Final[Mapping[str, _Rule]] = {"tg": _ANY, "ci": _ANY}
_KINDS: Final[Mapping[str, tuple[str, Mapping[str, _Rule]]]] = {
    "v": ("vaccination", {"dn": _DOSES, "sd": _DOSES, "dt": _DATE}),
    "t": ("test", {"sc": _DATE_TIME}),
    "r": ("recovery", {"fr": _DATE, "df": _DATE, "du": _DATE}),
}


@dataclass(frozen=True)
class Statement:
    """One vaccination, test or recovery, and the person whom it is about."""

    kind: str
    entry: Mapping[str, cbor.Value]
    name: Mapping[str, cbor.Value]
    born: str


def check(content: Mapping[int | str, cbor.Value]) -> Statement:
    """Return a certificate's only statement.

    Raises MalformedCode if a member that is used is missing.
    """
    match content.get("nam"):
        case dict() as found:
            name = _untagged(found)
        case _:
            raise MalformedCode("no name")
    if not any(isinstance(part, str) and part.strip(" <") for part in map(name.get, _NAMES)):
        raise MalformedCode("no name")
    born = _plain(content.get("dob")) or ""
    if not isinstance(born, str) or not _BORN.fullmatch(born):
        raise MalformedCode("dob is not as the schema says")
    kind, entry = _only_entry(content)
    title, rules = _KINDS[kind]
    for member, rule in {**_EVERY, **rules}.items():
        if not _fits(entry.get(member), rule):
            raise MalformedCode(f"{member} is not as the schema says")
    return Statement(title, entry, name, born)


def kinds_of(content: Mapping[int | str, cbor.Value]) -> frozenset[str]:
    """Return which of vaccination, test and recovery the certificate states."""
    return frozenset(_KINDS[kind][0] for kind in _present(content))


def _present(content: Mapping[int | str, cbor.Value]) -> list[str]:
    """Return the kinds that are present; some issuers write the others as null or empty lists."""
    return [kind for kind in _KINDS if content.get(kind) not in (None, [])]


def _only_entry(content: Mapping[int | str, cbor.Value]) -> tuple[str, Mapping[str, cbor.Value]]:
    kinds = _present(content)
    if len(kinds) != 1:
        raise MalformedCode("not exactly one of vaccination, test and recovery")
    match content[kinds[0]]:
        case [dict() as entry]:
            return kinds[0], _untagged(entry)
        case _:
            raise MalformedCode("not exactly one vaccination, test or recovery")


def _fits(value: cbor.Value, rule: _Rule) -> bool:
    if isinstance(rule, range):
        return type(value) is int and value in rule
    return isinstance(value, str) and rule.fullmatch(value) is not None


def _untagged(members: Mapping[int | str, cbor.Value]) -> Mapping[str, cbor.Value]:
    return {str(name): _plain(value) for name, value in members.items()}


def _plain(value: cbor.Value) -> cbor.Value:
    """Return a value as JSON would have it: no tag around a text, a whole number as an integer."""
    match value:
        case cbor.Tag(number, str() as text) if number in _TAGS_OF_TEXTS:
            return text
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
