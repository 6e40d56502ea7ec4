"""The rules of a door: which codes it admits, and how old its data may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final

from healthcode.core import grammar, strict_json
from healthcode.core.claims import Colour, Kind
from healthcode.core.errors import MalformedRules, MalformedTrustList
from healthcode.core.trust import Outcome
from healthcode.core.trust_list import read_outcomes

ADMITTED: Final[Mapping[Colour, Outcome]] = MappingProxyType(
    {
        Colour.GREEN: Outcome.PASS,
        Colour.YELLOW: Outcome.CAUTION,
        Colour.RED: Outcome.REFUSE,
    }
)
"""What a colour means at a door whose rules do not say otherwise."""


@dataclass(frozen=True)
class Rules:
    """What a door admits, and how old its data may be. A colour that is not listed is refused.

    `leeway_seconds` allows for a difference between the clocks of issuer and door.
    """

    admits: Mapping[Colour, Outcome] = field(default_factory=lambda: ADMITTED)
    kinds: frozenset[Kind] = frozenset(Kind)
    trust_grace_seconds: int = 86_400
    status_grace_seconds: int = 7_200
    leeway_seconds: int = 60


_SECONDS: Final = ("trust_grace_seconds", "status_grace_seconds", "leeway_seconds")


def parse_rules(data: bytes) -> Rules:
    """Read the rules in a JSON object: `admits`, `kinds` and seconds, each with a default.

    The reader skips the members of `optional`. It refuses any other unknown member, because
    skipping it could admit somebody whom the venue wants to keep out. Raises MalformedRules.
    """
    names = {field.name for field in fields(Rules)}
    members = strict_json.extensible(strict_json.load(data, MalformedRules), names, MalformedRules)
    given: dict[str, Any] = {name: _seconds(members, name) for name in _SECONDS if name in members}
    if "admits" in members:
        given["admits"] = _outcomes(members["admits"])
    if "kinds" in members:
        given["kinds"] = _kinds(members["kinds"])
    return Rules(**given)


def _outcomes(value: object) -> Mapping[Colour, Outcome]:
    try:
        return read_outcomes(value)
    except MalformedTrustList as error:
        raise MalformedRules(f"admits: {error}") from error


def _kinds(value: object) -> frozenset[Kind]:
    names = {kind.name.lower(): kind for kind in Kind}
    if isinstance(value, list) and all(isinstance(name, str) and name in names for name in value):
        return frozenset(names[name] for name in value)
    raise MalformedRules(f"kinds is not a list out of {', '.join(names)}")


def _seconds(members: Mapping[str, Any], name: str) -> int:
    value = members[name]
    if type(value) is int and 0 <= value <= grammar.MAX_NUMBER:
        return value
    raise MalformedRules(f"{name} is not a number of at most 32 bits")
