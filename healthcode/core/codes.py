"""The code: `JK1:` and the Base45 of a COSE_Sign1 over a CWT. Specified in docs/format.md.

Claims and members are numbered; numbers are never reused. One encoding of a code is accepted, and
read by saying what must come: that leaves no room for unknown claims, other orders, longer numbers
or anything between the lines.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from healthcode.core import base45, cbor, cose
from healthcode.core.cose import Algorithm
from healthcode.core.errors import CodeTooLarge, CoreError, MalformedCode
from healthcode.core.keys import KID_BYTES

PREFIX: Final = "JK1:"
MAX_CHARACTERS: Final = 311
"""QR version 10 at level M, alphanumeric (ISO/IEC 18004, table 7)."""
MAX_BOUND_CHARACTERS: Final = 656
"""QR version 16 at level M: what a code bound to a phone may take with its proof."""

DAY_SECONDS: Final = 86_400
UINT32_MAX: Final = (1 << 32) - 1
MAX_HOLDER_BYTES: Final = 32
ISSUER: Final = re.compile(r"[A-Z0-9]{2}(-[A-Z0-9]{1,8})?")
URI: Final = re.compile(r"https?://[!-~]{1,56}")
# Breaks, blanks, invisible marks and those that turn the writing; listed, since what Unicode calls
# printable grows by the year, last by characters of Chinese names that older systems do not know.
_INVISIBLE: Final = (
    r"\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    r"\ud800-\udfff\ufeff\ufff9-\uffff\U000e0000-\U000e007f"
)
_NAME: Final = re.compile(f"[^{_INVISIBLE}]+")
_ISS, _EXP, _IAT, _CNF, _STATUS, _HC = 1, 4, 6, 8, 65535, -65537
_COLOUR, _KIND, _POLICY, _HOLDER = 1, 2, 3, 4
# COSE_Key (RFC 9052, 7 and RFC 9053, 7.1), as the cnf claim of RFC 8747 holds it.
_COSE_KEY = 1
_KTY, _CRV, _X, _Y = 1, -1, -2, -3
_KTY_EC2, _CRV_P256 = 2, 1
_UNCOMPRESSED = b"\x04"
POINT_BYTES: Final = 64

# What stands between the values of a code, up to the one that each is named after.
_CLAIMS, _MEMBERS = 5, 3
_AT_ISS, _AT_EXP, _AT_IAT = cbor.encode(_ISS), cbor.encode(_EXP), cbor.encode(_IAT)
_AT_X = (
    cbor.encode(_CNF)
    + cbor.map_of(1)
    + cbor.encode(_COSE_KEY)
    + cbor.map_of(4)
    + b"".join(map(cbor.encode, (_KTY, _KTY_EC2, _CRV, _CRV_P256, _X)))
)
_AT_Y = cbor.encode(_Y)
_AT_IDX = (
    cbor.encode(_STATUS)
    + cbor.map_of(1)
    + cbor.encode("status_list")
    + cbor.map_of(2)
    + cbor.encode("idx")
)
_AT_URI = cbor.encode("uri")
_AT_HC = cbor.encode(_HC)
_AT_COLOUR, _AT_KIND = cbor.encode(_COLOUR), cbor.encode(_KIND)
_AT_POLICY, _AT_HOLDER = cbor.encode(_POLICY), cbor.encode(_HOLDER)
_HEADERS = {
    cbor.encode({cose.ALG: algorithm, cose.KID: bytes(KID_BYTES)})[:-KID_BYTES]: algorithm
    for algorithm in cose.SIGNATURE_BYTES
}


class Colour(IntEnum):
    GREEN = 0
    YELLOW = 1
    RED = 2


class Kind(IntEnum):
    """Live codes are renewed by the minute on a phone; paper ones are printed."""

    LIVE = 0
    PAPER = 1


MAX_LIFETIME_SECONDS: Final = {Kind.LIVE: DAY_SECONDS, Kind.PAPER: 14 * DAY_SECONDS}


@dataclass(frozen=True, slots=True)
class StatusRef:
    """The place of a code in a status list: bit `idx` of the list published at `uri`."""

    idx: int
    uri: str


@dataclass(frozen=True, slots=True)
class HealthCode:
    """What a code says. Times in seconds since 1970, `holder` a masked name.

    `phone_key` binds a live code to the phone that keeps the private half: x || y of a P-256
    point. Such a code counts only with a fresh proof (`present`).

    Raises MalformedCode for what no code may say, whoever makes it.
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

    def __post_init__(self) -> None:
        numbers = (self.issued_at, self.expires_at, self.policy, self.status.idx)
        if min(numbers) < 0 or max(numbers) > UINT32_MAX:
            raise MalformedCode("number out of range")
        if not ISSUER.fullmatch(self.issuer):
            raise MalformedCode("issuer is not like CN-33")
        if not URI.fullmatch(self.status.uri):
            raise MalformedCode("status list address is not a short http(s) address")
        if not 0 < self.expires_at - self.issued_at <= MAX_LIFETIME_SECONDS[self.kind]:
            raise MalformedCode("lifetime is not one of its kind")
        if self.holder is not None and not _is_short_name(self.holder):
            raise MalformedCode("holder is not a short visible name")
        if self.phone_key is not None:
            if self.kind is not Kind.LIVE:
                raise MalformedCode("only a live code is bound to a phone")
            phone_public_key(self.phone_key)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a phone signed to show that a bound code is in its hands at `made_at`."""

    made_at: int
    signature: bytes
    signed_bytes: bytes


@dataclass(frozen=True, slots=True)
class SignedCode:
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
    10 at level M, MalformedCode for a key identifier or signature of another size.
    """
    message = cose.sign1({cose.ALG: algorithm, cose.KID: kid}, _encode_claims(code), signer)
    read_message(message)
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
    try:
        protected, payload, signature = cose.exact_parts(data)
        code = _read_claims(payload)
    except MalformedCode:
        raise
    except (CoreError, ValueError) as error:
        raise MalformedCode("not a code of this format") from error
    algorithm = _HEADERS.get(protected[:-KID_BYTES])
    if algorithm is None:
        raise MalformedCode("header is not an algorithm in use and a key identifier")
    if len(signature) != cose.SIGNATURE_BYTES[algorithm]:
        raise MalformedCode("signature is not that of its algorithm")
    signed_bytes = cose.sig_structure(protected, payload)
    return SignedCode(code, protected[-KID_BYTES:], algorithm, signature, signed_bytes)


def _encode_claims(code: HealthCode) -> bytes:
    statement: dict[int, cbor.Encodable] = {
        _COLOUR: code.colour,
        _KIND: code.kind,
        _POLICY: code.policy,
    }
    if code.holder is not None:
        statement[_HOLDER] = code.holder
    claims: dict[int, cbor.Encodable] = {
        _ISS: code.issuer,
        _EXP: code.expires_at,
        _IAT: code.issued_at,
        _STATUS: {"status_list": {"idx": code.status.idx, "uri": code.status.uri}},
        _HC: statement,
    }
    if code.phone_key is not None:
        claims[_CNF] = {_COSE_KEY: _cose_key(code.phone_key)}
    return cbor.encode(claims)


def _cose_key(point: bytes) -> dict[int, cbor.Encodable]:
    half = POINT_BYTES // 2
    return {_KTY: _KTY_EC2, _CRV: _CRV_P256, _X: point[:half], _Y: point[half:]}


def phone_public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    """The key of a phone from x || y. Raises MalformedCode for what is no point of P-256."""
    if len(point) != POINT_BYTES:
        raise MalformedCode("phone key is not a point of P-256")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _UNCOMPRESSED + point)
    except ValueError as error:
        raise MalformedCode("phone key is not a point of P-256") from error


def _read_claims(payload: bytes) -> HealthCode:
    """The claims, in the order of their one encoding."""
    reader = cbor.Exact(payload)
    bound = _has_one_more(reader.members(), _CLAIMS)
    issuer = reader.text(after=_AT_ISS)
    expires_at = reader.uint(after=_AT_EXP)
    issued_at = reader.uint(after=_AT_IAT)
    phone_key = _read_phone_key(reader) if bound else None
    status = StatusRef(idx=reader.uint(after=_AT_IDX), uri=reader.text(after=_AT_URI))
    named = _has_one_more(reader.members(after=_AT_HC), _MEMBERS)
    colour = Colour(reader.uint(after=_AT_COLOUR))
    kind = Kind(reader.uint(after=_AT_KIND))
    policy = reader.uint(after=_AT_POLICY)
    holder = reader.text(after=_AT_HOLDER) if named else None
    reader.end()
    return HealthCode(
        issuer, issued_at, expires_at, colour, kind, policy, holder, status, phone_key
    )


def _read_phone_key(reader: cbor.Exact) -> bytes:
    x, y = reader.octets(after=_AT_X), reader.octets(after=_AT_Y)
    if len(x) != len(y):
        raise MalformedCode("phone key is not a point of P-256")
    return x + y


def _has_one_more(found: int, members: int) -> bool:
    """Whether a map has the one member that may be absent. Raises MalformedCode for others."""
    if found not in (members, members + 1):
        raise MalformedCode("other members than those of a code")
    return found > members


def _is_short_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and len(text.encode()) <= MAX_HOLDER_BYTES
