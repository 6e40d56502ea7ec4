"""The code: `JK1:` and the Base45 of a COSE_Sign1 over a CWT. Specified in docs/format.md.

Claims and members are numbered; numbers are never reused. One encoding of a code is accepted, the
one that `sign` makes.
"""

import re
from collections.abc import Callable
from enum import IntEnum
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from healthcode.core import base45, cbor, cose, grammar
from healthcode.core.cose import Algorithm
from healthcode.core.errors import CodeTooLarge, MalformedCode

PREFIX: Final = "JK1:"
MAX_CHARACTERS: Final = 311
"""QR version 10 at level M, alphanumeric (ISO/IEC 18004, table 7)."""
MAX_BOUND_CHARACTERS: Final = 656
"""QR version 16 at level M: what a code bound to a phone may take with its proof."""

DAY_SECONDS: Final = 86_400
_ISSUER: Final = re.compile(grammar.ISSUER)
_ADDRESS: Final = re.compile(grammar.ADDRESS)
# Breaks, blanks, invisible marks and those that turn the writing; listed, since what Unicode calls
# printable grows by the year, last by characters of Chinese names that older systems do not know.
_INVISIBLE: Final = re.compile(
    r"[\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    r"\ud800-\udfff\ufeff\ufff9-\uffff\U000e0000-\U000e007f]"
)
_UNCOMPRESSED = b"\x04"
POINT_BYTES: Final = 64
_HALF: Final = POINT_BYTES // 2
_ALGORITHMS: Final = {cbor.encode(number): number for number in cose.SIGNATURE_BYTES}
_NO_EXTERNAL_DATA: Final = cbor.encode(b"")


# What stands before the values of a code's claims. Maps are heads and members one after the other.
_MAPS: Final = [cbor.head(5, members) for members in range(7)]
_CLAIMS, _BOUND_CLAIMS = (_MAPS[members] + cbor.encode(grammar.ISS) for members in (5, 6))
_EXP, _IAT = cbor.encode(grammar.EXP), cbor.encode(grammar.IAT)
_X: Final = b"".join(
    (
        cbor.encode(grammar.CNF) + _MAPS[1],
        cbor.encode(grammar.COSE_KEY) + _MAPS[4],
        *map(cbor.encode, (grammar.KTY, grammar.KTY_EC2, grammar.CRV, grammar.CRV_P256, grammar.X)),
        grammar.OCTETS[_HALF],
    )
)
_Y: Final = cbor.encode(grammar.Y) + grammar.OCTETS[_HALF]
_IDX: Final = b"".join(
    (
        cbor.encode(grammar.STATUS) + _MAPS[1],
        cbor.encode("status_list") + _MAPS[2],
        cbor.encode("idx"),
    )
)
_URI: Final = cbor.encode("uri")
_STATEMENT, _NAMED_STATEMENT = (
    cbor.encode(grammar.HC) + _MAPS[members] + cbor.encode(grammar.COLOUR) for members in (3, 4)
)
_KIND, _POLICY, _HOLDER = map(cbor.encode, (grammar.KIND, grammar.POLICY, grammar.HOLDER))


class Colour(IntEnum):
    GREEN = 0
    YELLOW = 1
    RED = 2


class Kind(IntEnum):
    """Live codes are renewed by the minute on a phone; paper ones are printed."""

    LIVE = 0
    PAPER = 1


_COLOURS, _KINDS = tuple(Colour), tuple(Kind)
MAX_LIFETIME_SECONDS: Final = {Kind.LIVE: DAY_SECONDS, Kind.PAPER: 14 * DAY_SECONDS}


class StatusRef(NamedTuple):
    """The place of a code in a status list: bit `idx` of the list published at `uri`."""

    idx: int
    uri: str


class HealthCode(NamedTuple):
    """What a code says. Times in seconds since 1970, `holder` a masked name.

    `phone_key` binds a live code to the phone that keeps the private half: x || y of a P-256
    point. Such a code counts only with a fresh proof (`present`). What no code may say is refused
    where it would become a code, by `sign`, and where it would come from one, by `decode`.
    """

    issuer: str
    issued_at: int
    expires_at: int
    colour: Colour
    kind: Kind
    policy: int
    holder: str | None
    status: StatusRef
    phone_key: bytes | None = None


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
    r || s, 64 bytes): private keys stay with their owner. Raises CodeTooLarge beyond QR version
    10 at level M, MalformedCode for what no code may say and for a key identifier or signature of
    another size.
    """
    _check(code)
    message = cose.sign1({cose.ALG: algorithm, cose.KID: kid}, _encode_claims(code), signer)
    # Whatever the caller handed in, what leaves here is read as the same code everywhere.
    if read_message(message).code != code:
        raise MalformedCode("not what it would be read as")
    text = to_text(PREFIX, message)
    if code.phone_key is None and len(text) > MAX_CHARACTERS:
        raise CodeTooLarge(f"{len(text)} characters, at most {MAX_CHARACTERS}")
    return text


def _check(code: HealthCode) -> None:
    """Says what is wrong where the grammar would only say that something is."""
    numbers = (code.issued_at, code.expires_at, code.policy, code.status.idx)
    if min(numbers) < 0 or max(numbers) > grammar.MAX_NUMBER:
        raise MalformedCode("number out of range")
    if not _ISSUER.fullmatch(code.issuer):
        raise MalformedCode("issuer is not like CN-33")
    if not _ADDRESS.fullmatch(code.status.uri):
        raise MalformedCode("status list address is not a short http(s) address")
    if code.holder is not None and _INVISIBLE.search(code.holder):
        raise MalformedCode("holder is not a visible name")


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
    found = grammar.MESSAGE.fullmatch(data)
    if found is None:
        raise MalformedCode("not a code of this format")
    header, algorithm, kid, size, payload, *values, signature = found.groups()
    if size != grammar.OCTETS[len(payload)]:
        raise MalformedCode("payload of another size than it says")
    signed_bytes = b"".join((cose.SIGNATURE1, header, _NO_EXTERNAL_DATA, size, payload))
    code = _read_claims(*values)
    return SignedCode(code, kid, _ALGORITHMS[algorithm], signature, signed_bytes)


def _read_claims(
    _bound: bytes | None,
    iss_size: bytes,
    iss: bytes,
    exp: bytes,
    iat: bytes,
    x: bytes | None,
    y: bytes | None,
    idx: bytes,
    uri_size: bytes,
    uri: bytes,
    _named: bytes | None,
    colour: bytes,
    kind: bytes,
    policy: bytes,
    holder_size: bytes | None,
    holder: bytes | None,
) -> HealthCode:
    """The claims as the grammar found them, in its order."""
    if iss_size != grammar.TEXTS[len(iss)] or uri_size != grammar.TEXTS[len(uri)]:
        raise MalformedCode("text of another size than it says")
    issued_at, expires_at = grammar.number(iat), grammar.number(exp)
    kind_shown = _KINDS[kind[0]]
    if not 0 < expires_at - issued_at <= MAX_LIFETIME_SECONDS[kind_shown]:
        raise MalformedCode("lifetime is not one of its kind")
    return HealthCode(
        iss.decode("ascii"),
        issued_at,
        expires_at,
        _COLOURS[colour[0]],
        kind_shown,
        grammar.number(policy),
        None if holder is None else _read_holder(holder_size, holder),
        StatusRef(grammar.number(idx), uri.decode("ascii")),
        None if x is None or y is None else _read_phone_key(x + y, kind_shown),
    )


def _read_holder(size: bytes | None, holder: bytes) -> str:
    if size != grammar.TEXTS[len(holder)]:
        raise MalformedCode("text of another size than it says")
    try:
        name = holder.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedCode("holder is not UTF-8") from error
    if _INVISIBLE.search(name):
        raise MalformedCode("holder is not a visible name")
    return name


def _read_phone_key(point: bytes, kind: Kind) -> bytes:
    if kind is not Kind.LIVE:
        raise MalformedCode("only a live code is bound to a phone")
    phone_public_key(point)
    return point


def _encode_claims(code: HealthCode) -> bytes:
    """The claims as `grammar` has them; from ready pieces, for codes are renewed all the time."""
    holder, point = code.holder, code.phone_key
    return b"".join(
        (
            _CLAIMS if point is None else _BOUND_CLAIMS,
            _text(code.issuer),
            _EXP + _number(code.expires_at),
            _IAT + _number(code.issued_at),
            b"" if point is None else _X + point[:_HALF] + _Y + point[_HALF:],
            _IDX + _number(code.status.idx),
            _URI + _text(code.status.uri),
            _STATEMENT if holder is None else _NAMED_STATEMENT,
            _number(code.colour),
            _KIND + _number(code.kind),
            _POLICY + _number(code.policy),
            b"" if holder is None else _HOLDER + _text(holder),
        )
    )


def _number(number: int) -> bytes:
    return cbor.head(0, number)


def _text(text: str) -> bytes:
    data = text.encode()
    return cbor.head(3, len(data)) + data


def phone_public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    """The key of a phone from x || y. Raises MalformedCode for what is no point of P-256."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _UNCOMPRESSED + point)
    except ValueError as error:
        raise MalformedCode("phone key is not a point of P-256") from error
