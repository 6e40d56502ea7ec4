"""JSON from strangers: bounded, without repeated names, without numbers JSON does not have."""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final, NoReturn

from healthcode.core.errors import CoreError
from healthcode.core.grammar import MAX_NUMBER

MAX_BYTES: Final = 1 << 20


def load(data: bytes, error: type[CoreError]) -> Any:
    """The value that `data` is. Raises `error` for anything else, and beyond 1 MiB."""
    if len(data) > MAX_BYTES:
        raise error("too large")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise error("a name twice in one object")
        return result

    def refuse(constant: str) -> NoReturn:
        raise error(f"{constant} is no JSON number")

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)
    except error:
        raise
    except (ValueError, RecursionError) as why:
        raise error("not JSON") from why


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
