"""The code: `JK1:` and the Base45 of a COSE_Sign1 over a CWT. docs/format.md specifies it.

Claims and members are numbered, and a number is never used again. Only one encoding of a code is
valid, the one that `sign` makes.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from healthcode.core import base45, cbor, claims, cose, grammar
from healthcode.core.claims import HealthCode, Kind
from healthcode.core.cose import Algorithm
from healthcode.core.errors import CodeTooLarge, MalformedCode

PREFIX: Final = "JK1:"
MAX_CHARACTERS: Final = 311
"""QR version 10 at level M, alphanumeric (ISO/IEC 18004, table 7)."""
MAX_BOUND_CHARACTERS: Final = 656
"""QR version 16 at level M: the limit for a bound code with its proof."""

DAY_SECONDS: Final = 86_400
MAX_LIFETIME_SECONDS: Final = {Kind.LIVE: DAY_SECONDS, Kind.PAPER: 14 * DAY_SECONDS}
_MESSAGE: Final = grammar.message(claims.PATTERN)
_ES256: Final = cbor.encode(Algorithm.ES256)
_ALGORITHMS: Final = {cbor.encode(number): number for number in cose.SIGNATURE_BYTES}
_NO_EXTERNAL_DATA: Final = cbor.encode(b"")


class Proof(NamedTuple):
    """What a phone signed at `made_at` to show that it has a bound code."""

    made_at: int
    signature: bytes
    signed_bytes: bytes


class SignedCode(NamedTuple):
    """A code as it was read. Believe nothing in it before its signature has been verified."""

    code: HealthCode
    kid: bytes
    algorithm: Algorithm
    signature: bytes
    signed_bytes: bytes
    proof: Proof | None = None


def sign(
    code: HealthCode, *, kid: bytes, algorithm: Algorithm, signer: Callable[[bytes], bytes]
) -> str:
    """Sign a code and return its text, for a QR picture in alphanumeric mode.

    If the code is bound to a phone's key, the text goes to this phone, which shows it with a proof.
    `signer` is a function that gets the Sig_structure (RFC 9052) and returns the signature as in
    COSE: for ES256, r and s with 32 bytes each. So `sign` never sees a private key. For ES256 two
    values of s are valid. A code must have the lower one, so `sign` replaces the higher one.

    Raises:
        CodeTooLarge: the text does not fit QR version 10 at level M.
        MalformedCode: a value is not allowed, or the key id or the signature has a wrong size.
    """
    headers: dict[int, cbor.Encodable] = {cose.ALG: algorithm, cose.KID: kid}
    message = cose.sign1(headers, claims.write(code), cose.lowered(algorithm, signer))
    # Whatever the caller passed, every reader must get the same code from what this function
    # returns.
    if read_message(message).code != code:
        raise MalformedCode("readers would read another code")
    text = to_text(PREFIX, message)
    if code.phone_key is None and len(text) > MAX_CHARACTERS:
        raise CodeTooLarge(f"{len(text)} characters, at most {MAX_CHARACTERS}")
    return text


def to_text(prefix: str, data: bytes) -> str:
    """Return `data` in the alphabet of QR alphanumeric mode, after its scheme's prefix."""
    return prefix + base45.encode(data)


def from_text(prefix: str, text: str) -> bytes:
    """Return the bytes after the prefix of a text of limited length. Raises MalformedCode."""
    if not text.startswith(prefix) or len(text) > MAX_BOUND_CHARACTERS:
        raise MalformedCode("not a code of this format")
    try:
        return base45.decode(text[len(prefix) :])
    except ValueError as error:
        raise MalformedCode("not Base45") from error


def read(text: str) -> SignedCode:
    """Read a `JK1:` text, without verifying its signature. Raises MalformedCode."""
    signed = read_message(from_text(PREFIX, text))
    if signed.code.phone_key is None and len(text) > MAX_CHARACTERS:
        raise MalformedCode("longer than a code may be")
    return signed


def read_message(data: bytes) -> SignedCode:
    """Read a code's COSE_Sign1, without verifying its signature. Raises MalformedCode."""
    found = _MESSAGE.fullmatch(data)
    if found is None:
        raise MalformedCode("not a code of this format")
    groups = found.groups()
    header, algorithm, kid, size, payload = groups[:5]
    if algorithm == _ES256 and not cose.is_low(groups[-1]):
        raise MalformedCode("signature does not have the lower s")
    if size != grammar.OCTETS[len(payload)]:
        raise MalformedCode("payload does not have the size that it states")
    signed_bytes = b"".join((cose.SIGNATURE1, header, _NO_EXTERNAL_DATA, size, payload))
    code = claims.read(groups[5:-1])
    _require_consistency(code)
    return SignedCode(code, kid, _ALGORITHMS[algorithm], groups[-1], signed_bytes)


def _require_consistency(code: HealthCode) -> None:
    """Check what the members of a code allow of each other."""
    if not 0 < code.expires_at - code.issued_at <= MAX_LIFETIME_SECONDS[code.kind]:
        raise MalformedCode("lifetime is too long for its kind, or not positive")
    if code.phone_key is not None and code.kind is not Kind.LIVE:
        raise MalformedCode("only a live code may be bound to a phone")
