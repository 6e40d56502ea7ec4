"""Read CBOR (RFC 8949) as others write it: everything that the standard allows, within limits.

EU certificates and status lists come from others. (Our own codes have only one encoding, which
`grammar` reads.) We wrote our own decoder because its input comes from strangers: it limits the
length and depth, and allocates nothing that the input does not contain. A tag stays a tag, so no
item becomes a date, a big number or an object.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from healthcode.core.errors import CoreError

MAX_DEPTH = 16
MAX_ITEMS = 1 << 16
"""More than any certificate or list has. In memory an item takes up to a hundred times its byte."""
_INDEFINITE = 31
_ONE_MORE_BYTE = 24
_BREAK = 0xFF
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE: dict[int, bool | None] = {20: False, 21: True, 22: None}


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged item; the caller decides what the tag means."""

    number: int
    value: "Value"


@dataclass(frozen=True, slots=True)
class Simple:
    """A simple value that this package does not use, such as undefined (23)."""

    number: int


Value: TypeAlias = (
    int
    | float
    | bytes
    | str
    | bool
    | list["Value"]
    | dict[int | str, "Value"]
    | Tag
    | Simple
    | None
)
Encodable: TypeAlias = (
    int
    | bytes
    | str
    | Sequence["Encodable"]
    | Mapping[int, "Encodable"]
    | Mapping[str, "Encodable"]
)


class MalformedCbor(CoreError):
    """Raised for bytes that are not exactly one well-formed item within the limits."""


def decode(data: bytes) -> Value:
    """Read `data` as one item. Raises MalformedCbor, also if bytes are left after the item.

    A map may not have a key twice; the standard calls this invalid. A key may be any item, but
    nothing that we read uses keys other than integers and texts. So the decoder skips other keys
    with their values.
    """
    reader = _ItemReader(data)
    value = reader.item(0)
    if reader.at != len(data):
        _fail("bytes after the end")
    return value


def encode(value: Encodable) -> bytes:
    """Encode deterministically (RFC 8949, 4.2.1): shortest heads, keys in bytewise order."""
    match value:
        case int() if value >= 0:
            return head(0, value)
        case int():
            return head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            text = value.encode()
            return head(3, len(text)) + text
        case Mapping():
            pairs = sorted((encode(key), encode(item)) for key, item in value.items())
            return head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
        case _:
            return head(4, len(value)) + b"".join(map(encode, value))


def head(major: int, argument: int) -> bytes:
    """Return the head of an item of this major type, in its shortest form."""
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << 8 * size:
            return bytes([major << 5 | info]) + argument.to_bytes(size, "big")
    raise OverflowError(f"{argument} does not fit a CBOR head")


def _fail(why: str) -> NoReturn:
    raise MalformedCbor(f"not CBOR as used here: {why}")


class _ItemReader:
    """Reads items one after the other. Each step either moves on or fails."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.items = 0

    def item(self, depth: int) -> Value:
        if depth > MAX_DEPTH:
            _fail("nested too deeply")
        self.count()
        first = self.take(1)[0]
        major, info = first >> 5, first & 0x1F
        if major == 7:
            return self.simple(info)
        if info == _INDEFINITE:
            return self.indefinite(major, depth)
        argument = self.argument(info)
        match major:
            case 0:
                return argument
            case 1:
                return -1 - argument
            case 2:
                return self.take(argument)
            case 3:
                return self.text(argument)
            case 4:
                return [self.item(depth + 1) for _ in self.counted(argument)]
            case 5:
                return self.pairs(self.counted(argument), depth)
            case _:
                return Tag(argument, self.item(depth + 1))

    def count(self) -> None:
        self.items += 1
        if self.items > MAX_ITEMS:
            _fail("too many items")

    def take(self, count: int) -> bytes:
        start, self.at = self.at, self.at + count
        if self.at > len(self.data):
            _fail("ends too early")
        return self.data[start : self.at]

    def argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            _fail("reserved head")
        return int.from_bytes(self.take(1 << (info - 24)), "big")

    def counted(self, count: int) -> range:
        # Each item takes at least one byte, so a larger count is false; it fails before any work.
        if count > len(self.data) - self.at:
            _fail("ends too early")
        return range(count)

    def text(self, size: int) -> str:
        try:
            return self.take(size).decode("utf-8")
        except UnicodeDecodeError:
            _fail("text is not UTF-8")

    def simple(self, info: int) -> Value:
        if info in _SIMPLE:
            return _SIMPLE[info]
        if info in _FLOATS:
            number: float = struct.unpack(_FLOATS[info], self.take(1 << (info - 24)))[0]
            return number
        simple = self.take(1)[0] if info == _ONE_MORE_BYTE else info
        # A value below 32 must be in the first byte, not in a second one (RFC 8949, 3.3).
        if info > _ONE_MORE_BYTE or (info == _ONE_MORE_BYTE and simple < 32):
            _fail("reserved simple value")
        return Simple(simple)

    def pairs(self, steps: "range | _UntilBreak", depth: int) -> dict[int | str, Value]:
        result: dict[int | str, Value] = {}
        others: set[bytes] = set()
        for _ in steps:
            start = self.at
            key = self.item(depth + 1)
            # In Python a bool is an int, but in CBOR true and 1 are two keys.
            if type(key) is int or type(key) is str:
                if key in result:
                    _fail("key twice")
                result[key] = self.item(depth + 1)
                continue
            encoded = self.data[start : self.at]
            if encoded in others:
                _fail("key twice")
            others.add(encoded)
            self.item(depth + 1)
        return result

    def indefinite(self, major: int, depth: int) -> Value:
        steps = _UntilBreak(self)
        match major:
            case 2 | 3:
                return self.chunks(major, steps)
            case 4:
                return [self.item(depth + 1) for _ in steps]
            case 5:
                return self.pairs(steps, depth)
            case _:
                _fail("reserved head")

    def chunks(self, major: int, steps: "_UntilBreak") -> bytes | str:
        parts = []
        for _ in steps:
            self.count()
            first = self.take(1)[0]
            if first >> 5 != major or first & 0x1F == _INDEFINITE:
                _fail("chunk of another kind")
            size = self.argument(first & 0x1F)
            parts.append(self.take(size) if major == 2 else self.text(size).encode())
        return b"".join(parts) if major == 2 else b"".join(parts).decode()


class _UntilBreak:
    """Steps through an item of indefinite length, until its break."""

    def __init__(self, reader: _ItemReader) -> None:
        self.reader = reader

    def __iter__(self) -> "_UntilBreak":
        return self

    def __next__(self) -> None:
        if self.reader.take(1)[0] == _BREAK:
            raise StopIteration
        self.reader.at -= 1
