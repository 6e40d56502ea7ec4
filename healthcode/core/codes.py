"""The code: `JK1:` and the Base45 of a COSE_Sign1 over a CWT. Specified in docs/format.md.

Claims and members are numbered; numbers are never reused. One encoding of a code is accepted, the
one that `sign` makes.
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
"""QR version 16 at level M: what a code bound to a phone may take with its proof."""

DAY_SECONDS: Final = 86_400
MAX_LIFETIME_SECONDS: Final = {Kind.LIVE: DAY_SECONDS, Kind.PAPER: 14 * DAY_SECONDS}
_MESSAGE: Final = grammar.message(claims.PATTERN)
_ES256: Final = cbor.encode(Algorithm.ES256)
_ALGORITHMS: Final = {cbor.encode(number): number for number in cose.SIGNATURE_BYTES}
_NO_EXTERNAL_DATA: Final = cbor.encode(b"")


class Proof(NamedTuple):
    """What a phone signed to show that a bound code is in its hands at `made_at`."""

    made_at: int
    signature: bytes
    signed_bytes: bytes


class SignedCode(NamedTuple):
    """A code as it was read. Nothing here is true until the signature over it was verified."""

    code: HealthCode
    kid: bytes
    algorithm: Algorithm
    signature: bytes
    signed_bytes: bytes
    proof: Proof | None = None


def sign(
    code: HealthCode, *, kid: bytes, algorithm: Algorithm, signer: Callable[[bytes], bytes]
) -> str:
    """The text of a code, for a QR picture in alphanumeric mode; a bound one is for its phone.

    `signer` gets the Sig_structure and returns the signature as COSE carries it (for ES256
    r || s, 64 bytes; the lower s is made of a higher one): private keys stay with their owner.
    Raises CodeTooLarge beyond QR version 10 at level M, MalformedCode for what no code may say
    and for a key identifier or signature of another size.
    """
    headers: dict[int, cbor.Encodable] = {cose.ALG: algorithm, cose.KID: kid}
    message = cose.sign1(headers, claims.write(code), cose.lowered(algorithm, signer))
    # Whatever the caller handed in, what leaves here is read as the same code everywhere.
    if read_message(message).code != code:
        raise MalformedCode("not what it would be read as")
    text = to_text(PREFIX, message)
    if code.phone_key is None and len(text) > MAX_CHARACTERS:
        raise CodeTooLarge(f"{len(text)} characters, at most {MAX_CHARACTERS}")
    return text


def to_text(prefix: str, data: bytes) -> str:
    """`data` in the alphabet of QR alphanumeric mode, behind what tells schemes apart."""
    return prefix + base45.encode(data)


def from_text(prefix: str, text: str) -> bytes:
    """The bytes behind the prefix of a text of bounded length. Raises MalformedCode."""
    if not text.startswith(prefix) or len(text) > MAX_BOUND_CHARACTERS:
        raise MalformedCode("not a code of this format")
    try:
        return base45.decode(text[len(prefix) :])
    except ValueError as error:
        raise MalformedCode("not Base45") from error


def read(text: str) -> SignedCode:
    """The content of a `JK1:` text, its signature not verified. Raises MalformedCode."""
    signed = read_message(from_text(PREFIX, text))
    if signed.code.phone_key is None and len(text) > MAX_CHARACTERS:
        raise MalformedCode("longer than a code may be")
    return signed


def read_message(data: bytes) -> SignedCode:
    """The content of a code's COSE_Sign1, its signature not verified. Raises MalformedCode."""
    found = _MESSAGE.fullmatch(data)
    if found is None:
        raise MalformedCode("not a code of this format")
    groups = found.groups()
    header, algorithm, kid, size, payload = groups[:5]
    if algorithm == _ES256 and not cose.is_low(groups[-1]):
        raise MalformedCode("not the one form of its signature")
    if size != grammar.OCTETS[len(payload)]:
        raise MalformedCode("payload of another size than it says")
    signed_bytes = b"".join((cose.SIGNATURE1, header, _NO_EXTERNAL_DATA, size, payload))
    code = claims.read(groups[5:-1])
    _require_consistency(code)
    return SignedCode(code, kid, _ALGORITHMS[algorithm], groups[-1], signed_bytes)


def _require_consistency(code: HealthCode) -> None:
    """What one member allows of another."""
    if not 0 < code.expires_at - code.issued_at <= MAX_LIFETIME_SECONDS[code.kind]:
        raise MalformedCode("lifetime is not one of its kind")
    if code.phone_key is not None and code.kind is not Kind.LIVE:
        raise MalformedCode("only a live code is bound to a phone")
