"""The content of an EU certificate, as far as it is relied on (DCC schema 1.3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from healthcode.core import cbor
from healthcode.core.errors import MalformedCode

# Some issuers write the midnight behind a date.
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(T00:00:00)?", re.ASCII)
_PART_OF_DATE: Final = re.compile(r"(\d{4}(-\d{2}(-\d{2}(T00:00:00)?)?)?)?", re.ASCII)
_DATE_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T.*", re.ASCII)
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{1,10}")
_NAME: Final = re.compile(r"[A-Z<]{1,80}")
_ANY: Final = re.compile(r".{1,128}", re.DOTALL)

_Rule = re.Pattern[str] | range
_EVERY: Final[Mapping[str, _Rule]] = {"tg": _ANY, "co": _COUNTRY, "is": _ANY, "ci": _ANY}
_KINDS: Final[Mapping[str, tuple[str, Mapping[str, _Rule]]]] = {
    "v": (
        "vaccination",
        {"vp": _ANY, "mp": _ANY, "ma": _ANY, "dn": range(10), "sd": range(1, 10), "dt": _DATE},
    ),
    "t": ("test", {"tt": _ANY, "sc": _DATE_TIME, "tr": _ANY}),
    "r": ("recovery", {"fr": _DATE, "df": _DATE, "du": _DATE}),
}


@dataclass(frozen=True)
class Statement:
    """One vaccination, test or recovery, and whose it is."""

    kind: str
    entry: Mapping[str, cbor.Value]
    name: Mapping[str, cbor.Value]
    born: str


def check(content: Mapping[int | str, cbor.Value]) -> Statement:
    """The one statement of a certificate. Raises MalformedCode where the schema is not met."""
    _match(content, "ver", _VERSION)
    name = content.get("nam")
    if not isinstance(name, dict):
        raise MalformedCode("no name")
    _match(name, "fnt", _NAME)
    born = _match(content, "dob", _PART_OF_DATE)
    kind, entries = _entries(content)
    match entries:
        case [dict() as entry]:
            pass
        case _:
            raise MalformedCode("not exactly one vaccination, test or recovery")
    title, rules = _KINDS[kind]
    for member, rule in {**_EVERY, **rules}.items():
        _match(entry, member, rule)
    return Statement(title, _by_text(entry), _by_text(name), str(born))


def kind_of(content: Mapping[int | str, cbor.Value]) -> str:
    """Vaccination, test or recovery. Raises MalformedCode for none or several."""
    return _KINDS[_entries(content)[0]][0]


def _entries(content: Mapping[int | str, cbor.Value]) -> tuple[str, cbor.Value]:
    """The entries of the only kind there is; some issuers write the other kinds as null."""
    present = [kind for kind in _KINDS if content.get(kind) is not None]
    if len(present) != 1:
        raise MalformedCode("not exactly one of vaccination, test and recovery")
    return present[0], content[present[0]]


def _match(members: Mapping[int | str, cbor.Value], name: str, rule: _Rule) -> cbor.Value:
    value = members.get(name)
    if isinstance(rule, range):
        fits = isinstance(value, int) and value in rule
    else:
        fits = isinstance(value, str) and rule.fullmatch(value) is not None
    if not fits:
        raise MalformedCode(f"{name} is not as the schema says")
    return value


def _by_text(members: Mapping[int | str, cbor.Value]) -> Mapping[str, cbor.Value]:
    return {str(name): value for name, value in members.items()}
