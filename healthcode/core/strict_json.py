"""JSON from strangers: bounded, without repeated names, without numbers JSON does not have."""

import json
from typing import Any, Final, NoReturn

from healthcode.core.errors import CoreError

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
