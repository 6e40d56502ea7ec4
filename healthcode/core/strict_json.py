"""Read JSON from strangers: limited size, no repeated names, no numbers that JSON does not have."""

import json
import math
from collections.abc import Collection, Mapping
from typing import Any, Final, NoReturn

from healthcode.core.errors import CoreError
from healthcode.core.grammar import MAX_NUMBER

MAX_BYTES: Final = 1 << 20
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class RepeatedName(ValueError):
    """Raised for two members of one name in an object, because readers disagree on which counts."""


def load(data: bytes, error: type[CoreError]) -> Any:
    """Read the value of `data`. Raises `error` for anything that is not JSON, or beyond 1 MiB."""
    if len(data) > MAX_BYTES:
        raise error("too large")
    try:
        return read(data.decode("utf-8"))
    except (ValueError, RecursionError) as why:
        raise error(f"not JSON: {why}") from why


def without_mark(data: bytes) -> bytes:
    """A file that people may have saved, without the byte order mark that editors begin it with."""
    return data.removeprefix(BYTE_ORDER_MARK)


def read(text: str) -> Any:
    """Read the value of `text`.

    Raises:
        ValueError: it is not JSON, repeats a name, or has a number too large for a computer.
        RecursionError: it is nested too deeply.
    """
    return _DECODER.decode(text)


def extensible(value: object, known: Collection[str], error: type[CoreError]) -> Mapping[str, Any]:
    """Return an object with known members. A verifier may skip what is in its member `optional`.

    Raises `error` for other members, and for content that `optional` may not have (docs/format.md,
    section 9).
    """
    if not isinstance(value, Mapping):
        raise error("not a JSON object")
    unknown = value.keys() - {*known, "optional"}
    if unknown:
        raise error(f"member {min(unknown)} is not known")
    optional = value.get("optional", {})
    if not isinstance(optional, Mapping) or not all(map(_may_be_passed_over, optional.values())):
        raise error("optional has content that a verifier may not skip")
    return value


def _may_be_passed_over(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_plain_or_list, value.values()))
    return _is_plain_or_list(value)


def _is_plain_or_list(value: object) -> bool:
    return all(map(_is_plain, value)) if isinstance(value, list) else _is_plain(value)


def _is_plain(value: object) -> bool:
    return isinstance(value, str | bool) or (type(value) is int and 0 <= value <= MAX_NUMBER)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise RepeatedName("an object has a name twice")
    return members


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number too large")
    return number


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_refused, parse_float=_finite
)
