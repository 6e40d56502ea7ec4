"""Base45 (RFC 9285), strictly: upper case, no group beyond its bytes, nothing left over.

Of our own because next to the signature a door would spend most of its time in a loop over
characters; done for all of them at once, it takes a tenth of that.
"""

import struct
from typing import Final

_ALPHABET: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_NO_DIGIT: Final = b"\xff"
_DIGITS: Final = bytes(
    _ALPHABET.index(character) if character in _ALPHABET else _NO_DIGIT[0]
    for character in range(256)
)
_CHARACTERS: Final = _ALPHABET.ljust(256, b"?")
_BASE: Final = len(_ALPHABET)
_MAX_BYTE: Final = 0xFF
_LANE: Final = 4
"""Bytes in which a sum of three digits cannot reach its neighbour."""


def decode(text: str) -> bytes:
    """The bytes of a text. Raises ValueError for any other text than `encode` gives."""
    digits = text.encode("ascii").translate(_DIGITS)
    left = len(digits) % 3
    if left == 1 or _NO_DIGIT in digits:
        raise ValueError("not Base45")
    end = len(digits) - left
    data = _pairs(digits[:end:3], digits[1:end:3], digits[2:end:3])
    if not left:
        return data
    last = digits[end] + _BASE * digits[end + 1]
    if last > _MAX_BYTE:
        raise ValueError("not Base45")
    return data + bytes([last])


def _pairs(low: bytes, middle: bytes, high: bytes) -> bytes:
    """Two bytes for each three digits: all sums at once, in lanes of one large number."""
    lanes = (_lanes(low) + _BASE * _lanes(middle) + _BASE * _BASE * _lanes(high)).to_bytes(
        _LANE * len(low), "big"
    )
    if lanes[1::_LANE].strip(b"\0"):
        raise ValueError("not Base45")
    data = bytearray(2 * len(low))
    data[::2], data[1::2] = lanes[2::_LANE], lanes[3::_LANE]
    return bytes(data)


def _lanes(digits: bytes) -> int:
    spread = bytearray(_LANE * len(digits))
    spread[_LANE - 1 :: _LANE] = digits
    return int.from_bytes(spread, "big")


def encode(data: bytes) -> str:
    """Three characters for each two bytes, two for a last one."""
    pairs = struct.unpack_from(f">{len(data) // 2}H", data)
    digits = bytearray(3 * len(pairs))
    digits[::3] = bytes([pair % _BASE for pair in pairs])
    digits[1::3] = bytes([pair // _BASE % _BASE for pair in pairs])
    digits[2::3] = bytes([pair // (_BASE * _BASE) for pair in pairs])
    if len(data) % 2:
        digits += bytes((data[-1] % _BASE, data[-1] // _BASE))
    return digits.translate(_CHARACTERS).decode("ascii")
