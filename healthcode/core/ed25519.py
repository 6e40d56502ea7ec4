"""Which 32 bytes are an Ed25519 key that proves something (RFC 8032, 5.1.3).

The library takes any. A point of small order is no key: signatures over every text can be made for
it without a secret. And a point has one encoding here, as its identifier is made from it.
"""

from typing import Final

_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P


def is_key(data: bytes) -> bool:
    """Whether it is the one encoding of a point of the curve whose order is not small."""
    y = int.from_bytes(data, "little") % 2**255
    square = y * y % _P
    # The eight points of small order: y is 0, 1 or -1, or this polynomial is 0.
    of_order_8 = (_D * square * square + 2 * square - 1) % _P == 0
    if y >= _P or y == 0 or square == 1 or of_order_8:
        return False
    # x squared is a quotient of these two, which has a root where their product has one (Euler).
    return pow((square - 1) * (_D * square + 1), _P // 2, _P) == 1
