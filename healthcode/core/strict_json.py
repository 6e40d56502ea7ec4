"""JSON from strangers: bounded, without repeated names, without numbers JSON does not have."""

import json
import math
from collections.abc import Collection, Mapping
from typing import Any, Final, NoReturn

from healthcode.core.errors import CoreError
from healthcode.core.grammar import MAX_NUMBER

MAX_BYTES: Final = 1 << 20
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class RepeatedName(ValueError):
    """An object has two members of one name: which of them counts, readers do not agree on."""


def load(data: bytes, error: type[CoreError]) -> Any:
    """The value that `data` is. Raises `error` for anything else, and beyond 1 MiB."""
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
    """The value that `text` is.

    Raises:
        ValueError: it is no JSON, or repeats a name, or holds a number that no computer keeps.
        RecursionError: it is nested too deeply.
    """
    return _DECODER.decode(text)


def extensible(value: object, known: Collection[str], error: type[CoreError]) -> Mapping[str, Any]:
    """An object of known members, beside which `optional` holds what may be passed over.

    Raises `error` for others, and for what `optional` may not hold (docs/format.md, section 9).
    """
    if not isinstance(value, Mapping):
        raise error("an object is missing")
    unknown = value.keys() - {*known, "optional"}
    if unknown:
        raise error(f"member {min(unknown)} is not known")
    optional = value.get("optional", {})
    if not isinstance(optional, Mapping) or not all(map(_may_be_passed_over, optional.values())):
        raise error("optional holds what nobody may pass over")
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
        raise RepeatedName("a name twice in one object")
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
