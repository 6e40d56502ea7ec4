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


def decode(text: str) -> bytes:
    """The bytes of a text. Raises ValueError for any other text than `encode` gives."""
    digits = text.encode("ascii").translate(_DIGITS)
    left = len(digits) % 3
    if left == 1 or _NO_DIGIT in digits:
        raise ValueError("not Base45")
    if not left:
        return _pairs(digits)
    last = digits[-2] + _BASE * digits[-1]
    if last > _MAX_BYTE:
        raise ValueError("not Base45")
    return _pairs(digits[:-2]) + bytes([last])


def _pairs(digits: bytes) -> bytes:
    """Two bytes for each three digits.

    The digits are one large number in lanes of three bytes, the low digit lowest. So all sums are
    made at once, and none reaches its neighbour: 44 + 45 * 44 + 45 * 45 * 44 fits three bytes.
    """
    number = int.from_bytes(digits, "little")
    low = int.from_bytes(b"\xff\0\0" * (len(digits) // 3), "little")
    sums = (number & low) + _BASE * (number >> 8 & low) + _BASE * _BASE * (number >> 16 & low)
    lanes = sums.to_bytes(len(digits), "little")
    if lanes[2::3].strip(b"\0"):
        raise ValueError("not Base45")
    data = bytearray(2 * (len(digits) // 3))
    data[::2], data[1::2] = lanes[1::3], lanes[::3]
    return bytes(data)


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
