"""The browser's CBOR readers accept what the core's accept, with the same result."""

import json
import math
import random
import struct
from pathlib import Path
from typing import Any

import cbor2

from healthcode.core import CoreError, cbor
from healthcode.core.ed25519 import is_key
from tests.core.lists import ED25519_POINTS
from tests.core.test_typescript import told

SCRIPT = Path(__file__).with_name("cbor_in_node.ts")
WRITTEN = 3_000
NUMBERS = (0, 23, 24, 255, 1 << 31, (1 << 53) - 2, 1 << 53, (1 << 64) - 1)


def test_the_readers_agree() -> None:
    chance = random.Random(8949)
    items = [_damaged(_item(chance, 3), chance) for _ in range(WRITTEN)]
    points = [*(y.to_bytes(32, "little") for y in ED25519_POINTS.values())]
    points += [chance.randbytes(32) for _ in range(100)]
    given = {"items": [item.hex() for item in items], "points": [point.hex() for point in points]}

    answers = told(SCRIPT, json.dumps(given).encode())

    ours = [_tolerant(item) for item in items]
    assert answers["tolerant"] == ours
    assert answers["strict"] == [_strict(item) for item in items]
    assert answers["points"] == [is_key(point) for point in points]
    assert set(answers["points"]) == {True, False}
    for found in (ours, answers["strict"]):
        assert WRITTEN / 10 < found.count("malformed") < WRITTEN * 0.95


def _item(chance: random.Random, depth: int) -> bytes:
    """Draw an item, encoded in one of the ways that the standard allows."""
    kind = chance.randrange(12 if depth else 8)
    match kind:
        case 0 | 1:
            return _head(kind, chance.choice(NUMBERS), chance)
        case 2 | 3:
            body = b"ab" * chance.randrange(3)
            return _head(kind, len(body), chance) + body
        case 4:
            return bytes([0xE0 + chance.randrange(24)])
        case 5:
            return b"\xf8" + bytes([chance.randrange(256)])
        case 6:
            value = chance.choice([0.0, -0.0, 1.5, 1e300, math.inf, math.nan, 5.960464477539063e-8])
            data: bytes = cbor2.dumps(value, canonical=chance.random() < 0.5)
            return data
        case 7:
            return b"\x7f\x61a\x60\xff"
        case 8:
            return _head(6, chance.choice([0, 1, 18, 1004]), chance) + _item(chance, depth - 1)
    count = chance.randrange(4)
    parts = [_item(chance, depth - 1) for _ in range(count * (2 if kind > 9 else 1))]
    major = 5 if kind > 9 else 4
    if chance.random() < 0.3:
        return bytes([major << 5 | 31]) + b"".join(parts) + b"\xff"
    return _head(major, count, chance) + b"".join(parts)


def _head(major: int, argument: int, chance: random.Random) -> bytes:
    if chance.random() < 0.2:
        return bytes([major << 5 | 27]) + argument.to_bytes(8, "big")
    return cbor.head(major, argument)


def _damaged(data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.7:
        return data
    changed = bytearray(data)
    changed[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(changed)


def _tolerant(data: bytes) -> Any:
    try:
        return _told(cbor.decode(data))
    except CoreError:
        return "malformed"


def _strict(data: bytes) -> str:
    """Draw the bytes of an item with only one encoding, of the types in codes."""
    try:
        value = cbor.decode(data)
        again = cbor.encode(value) if _is_ours(value) else b""
    except CoreError:
        return "malformed"
    return data.hex() if again == data else "malformed"


def _is_ours(value: cbor.Value) -> bool:
    if isinstance(value, list):
        return all(map(_is_ours, value))
    if isinstance(value, dict):
        return all(map(_is_ours, value.values()))
    is_exact = type(value) is int and -(1 << 53) < value < 1 << 53
    return is_exact or isinstance(value, str | bytes)


def _told(value: cbor.Value) -> Any:
    match value:
        case bool() | None | str():
            return value
        case float():
            return {"float": "NaN" if math.isnan(value) else struct.pack(">d", value).hex()}
        case int():
            return {"whole": str(value)}
        case bytes():
            return {"bytes": value.hex()}
        case cbor.Simple(number):
            return {"simple": number}
        case cbor.Tag(number, inner):
            return {"tag": str(number), "value": _told(inner)}
        case list():
            return {"list": [_told(each) for each in value]}
        case dict():
            return [[_told(key), _told(item)] for key, item in value.items()]
