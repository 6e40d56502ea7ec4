"""The code: `JK1:` and the Base45 of a COSE_Sign1 over a CWT. Specified in docs/format.md.

Claims and members are numbered; numbers are never reused. One encoding of a code is accepted:
what was read is encoded again and must give the same bytes, which leaves no room for unknown
claims, other orders, longer numbers or anything between the lines.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import base45

from healthcode.core import cbor, cose
from healthcode.core.cose import Algorithm
from healthcode.core.errors import CodeTooLarge, CoreError, MalformedCode
from healthcode.core.keys import KID_BYTES

PREFIX: Final = "JK1:"
MAX_CHARACTERS: Final = 311
"""QR version 10 at level M, alphanumeric (ISO/IEC 18004, table 7)."""

DAY_SECONDS: Final = 86_400
UINT32_MAX: Final = (1 << 32) - 1
MAX_HOLDER_BYTES: Final = 32
_ISSUER = re.compile(r"[A-Z0-9]{2}(-[A-Z0-9]{1,8})?")
_URI = re.compile(r"https?://[!-~]{1,56}")
_ISS, _EXP, _IAT, _STATUS, _HC = 1, 4, 6, 65535, -65537
_COLOUR, _KIND, _POLICY, _HOLDER = 1, 2, 3, 4


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

    def __post_init__(self) -> None:
        numbers = (self.issued_at, self.expires_at, self.policy, self.status.idx)
        if not all(0 <= number <= UINT32_MAX for number in numbers):
            raise MalformedCode("number out of range")
        if not _ISSUER.fullmatch(self.issuer):
            raise MalformedCode("issuer is not like CN-33")
        if not _URI.fullmatch(self.status.uri):
            raise MalformedCode("status list address is not a short http(s) address")
        if not 0 < self.expires_at - self.issued_at <= MAX_LIFETIME_SECONDS[self.kind]:
            raise MalformedCode("lifetime is not one of its kind")
        if self.holder is not None and not _is_short_name(self.holder):
            raise MalformedCode("holder is not a short printable name")


@dataclass(frozen=True, slots=True)
class SignedCode:
    """A code as it was read. Nothing here is true until the signature over it was verified."""

    code: HealthCode
    kid: bytes
    algorithm: Algorithm
    signature: bytes
    signed_bytes: bytes


def sign(
    code: HealthCode, *, kid: bytes, algorithm: Algorithm, signer: Callable[[bytes], bytes]
) -> str:
    """The text of a code, for a QR picture in alphanumeric mode.

    `signer` gets the Sig_structure and returns the signature as COSE carries it (for ES256
    r || s, 64 bytes): private keys stay with their owner. Raises CodeTooLarge beyond QR version
    10 at level M, MalformedCode for a key identifier or signature of another size.
    """
    message = cose.sign1({cose.ALG: algorithm, cose.KID: kid}, _encode_claims(code), signer)
    text: str = PREFIX + base45.b45encode(message).decode()
    if len(text) > MAX_CHARACTERS:
        raise CodeTooLarge(f"{len(text)} characters, at most {MAX_CHARACTERS}")
    decode(text)
    return text


def decode(text: str) -> SignedCode:
    """The content of a code, its signature not verified. Raises MalformedCode."""
    if not text.startswith(PREFIX) or len(text) > MAX_CHARACTERS:
        raise MalformedCode("not a code of this format")
    try:
        data = base45.b45decode(text[len(PREFIX) :].encode("ascii"))
        message = cose.parse(data)
        code = _decode_claims(message.payload)
    except MalformedCode:
        raise
    except (CoreError, ValueError) as error:
        raise MalformedCode("not a code of this format") from error
    kid = message.headers.get(cose.KID)
    if not isinstance(kid, bytes) or len(kid) != KID_BYTES:
        raise MalformedCode("key identifier is not 8 bytes")
    if len(message.signature) != cose.SIGNATURE_BYTES.get(message.algorithm):
        raise MalformedCode("signature is not that of its algorithm")
    if data != _envelope(code, kid, message):
        raise MalformedCode("not the one encoding of its content")
    return SignedCode(code, kid, message.algorithm, message.signature, message.signed_bytes)


def _envelope(code: HealthCode, kid: bytes, message: cose.Sign1) -> bytes:
    """The only bytes that a code with this content and signature may have."""
    headers: dict[int, cbor.Encodable] = {cose.ALG: message.algorithm, cose.KID: kid}
    return cose.sign1(headers, _encode_claims(code), lambda _: message.signature)


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
    return cbor.encode(claims)


def _decode_claims(payload: bytes) -> HealthCode:
    claims = cbor.decode(payload)
    status = _map(_map(_map(claims).get(_STATUS)).get("status_list"))
    statement = _map(_map(claims).get(_HC))
    return HealthCode(
        issuer=_text(_map(claims).get(_ISS)),
        issued_at=_uint(_map(claims).get(_IAT)),
        expires_at=_uint(_map(claims).get(_EXP)),
        colour=Colour(_uint(statement.get(_COLOUR))),
        kind=Kind(_uint(statement.get(_KIND))),
        policy=_uint(statement.get(_POLICY)),
        holder=_text(statement[_HOLDER]) if _HOLDER in statement else None,
        status=StatusRef(idx=_uint(status.get("idx")), uri=_text(status.get("uri"))),
    )


def _map(value: cbor.Value) -> Mapping[int | str, cbor.Value]:
    if isinstance(value, dict):
        return value
    raise MalformedCode("a map is missing")


def _text(value: cbor.Value) -> str:
    if isinstance(value, str):
        return value
    raise MalformedCode("a text is missing")


def _uint(value: cbor.Value) -> int:
    if type(value) is int:
        return value
    raise MalformedCode("a number is missing")


def _is_short_name(text: str) -> bool:
    return text.isprintable() and 0 < len(text.encode()) <= MAX_HOLDER_BYTES
