"""The one encoding of codes, as patterns: docs/format.md, sections 2 to 4.

A code has so little freedom that its bytes are a regular language, but for the sizes before texts
and byte strings, which the reader compares. So no byte can be there that no pattern calls for, and
reading takes a fraction of the time of a decoder. The patterns have one way to match: numbers and
sizes are prefix-free, what follows a text of ASCII is no such character, and all else has a length.
"""

import re
from collections.abc import Sequence
from typing import Final

from healthcode.core import cbor

ISS, EXP, IAT, CNF, STATUS, HC = 1, 4, 6, 8, 65535, -65537
COLOUR, KIND, POLICY, HOLDER = 1, 2, 3, 4
# COSE_Key (RFC 9052, 7 and RFC 9053, 7.1), as the cnf claim of RFC 8747 holds it.
COSE_KEY = 1
KTY, CRV, X, Y = 1, -1, -2, -3
KTY_EC2, CRV_P256 = 2, 1

ISSUER: Final = r"[A-Z0-9]{2}(?:-[A-Z0-9]{1,8})?"
ADDRESS: Final = r"https?://[!-~]{1,56}"
MAX_NUMBER: Final = (1 << 32) - 1

TEXTS: Final[Sequence[bytes]] = [cbor.head(3, size) for size in range(65)]
"""What stands before a text of as many bytes."""
OCTETS: Final[Sequence[bytes]] = [cbor.head(2, size) for size in range(512)]
"""What stands before as many bytes; more than any code has."""


def number(encoded: bytes) -> int:
    """The number that a group of a pattern found."""
    return encoded[0] if len(encoded) == 1 else int.from_bytes(encoded[1:], "big")


def _are(*items: cbor.Encodable) -> bytes:
    return re.escape(b"".join(map(cbor.encode, items)))


_NUMBER = rb"([\x00-\x17]|\x18[\x18-\xff]|\x19(?!\x00).{2}|\x1a(?!\x00\x00).{4})"
_SIZE_OF_OCTETS = rb"([\x40-\x57]|\x58.|\x59.{2})"
_SIZE_OF_TEXT = rb"([\x60-\x77]|\x78.)"
_COORDINATE = re.escape(OCTETS[32]) + rb"(.{32})"
_SIGNATURE = re.escape(OCTETS[64]) + rb"(.{64})"

# The head of a map says whether the one member that may be absent is there.
_STATEMENT: Final = b"".join(
    (
        rb"(?:\xa3|(?P<named>\xa4))",
        _are(COLOUR) + rb"([\x00-\x02])",
        _are(KIND) + rb"([\x00-\x01])",
        _are(POLICY) + _NUMBER,
        rb"(?(named)" + _are(HOLDER) + _SIZE_OF_TEXT + rb"(.{1,32}))",
    )
)
_PHONE: Final = b"".join(
    (
        _are(CNF) + rb"\xa1" + _are(COSE_KEY),
        rb"\xa4" + _are(KTY, KTY_EC2, CRV, CRV_P256),
        _are(X) + _COORDINATE,
        _are(Y) + _COORDINATE,
    )
)
_CLAIMS: Final = b"".join(
    (
        rb"(?:\xa5|(?P<bound>\xa6))",
        _are(ISS) + _SIZE_OF_TEXT + f"({ISSUER})".encode(),
        _are(EXP) + _NUMBER,
        _are(IAT) + _NUMBER,
        rb"(?(bound)" + _PHONE + rb")",
        _are(STATUS) + rb"\xa1" + _are("status_list"),
        rb"\xa2" + _are("idx") + _NUMBER,
        _are("uri") + _SIZE_OF_TEXT + f"({ADDRESS})".encode(),
        _are(HC) + _STATEMENT,
    )
)
MESSAGE: Final = re.compile(
    rb"\x84(\x4d\xa2\x01([\x26\x27])\x04\x48(.{8}))\xa0"
    + _SIZE_OF_OCTETS
    + rb"("
    + _CLAIMS
    + rb")"
    + _SIGNATURE,
    re.DOTALL,
)
"""A COSE_Sign1 of a code. Groups: the header, its algorithm and key identifier; the size and the
claims; the values of the claims; the signature."""

PROOF: Final = re.compile(
    rb"\x84(\x43\xa1\x01\x26)\xa0"
    + _SIZE_OF_OCTETS
    + rb"(\x82"
    + _NUMBER
    + _SIZE_OF_OCTETS
    + rb"(.+))"
    + _SIGNATURE,
    re.DOTALL,
)
"""A COSE_Sign1 of a phone. Groups: the header; the size and the statement; its time, and the size
and the bytes of the code; the signature."""
