"""Check that 32 bytes are an Ed25519 public key that is safe to use (RFC 8032, 5.1.3).

The library accepts any 32 bytes. But some points of the curve (of small order) are not safe,
because anybody can make signatures for them. And a point must have only one encoding, because the
key id is made from this encoding.
"""

from typing import Final

_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P


def is_key(data: bytes) -> bool:
    """Return whether this is the only encoding of a curve point whose order is not small."""
    y = int.from_bytes(data, "little") % 2**255
    square = y * y % _P
    # The eight points of small order: y is 0, 1 or -1, or this polynomial is 0.
    of_order_8 = (_D * square * square + 2 * square - 1) % _P == 0
    if y >= _P or y == 0 or square == 1 or of_order_8:
        return False
    # x squared is a quotient of these two. It has a root if their product has one (Euler's
    # criterion).
    return pow((square - 1) * (_D * square + 1), _P // 2, _P) == 1
