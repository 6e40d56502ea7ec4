"""Status lists say which codes were superseded before they expired.

A list is a Token Status List in its CWT form (IETF draft-ietf-oauth-status-list), with one bit for
each code. In addition to the draft, our lists name their issuer, so that an issuer cannot publish a
list about another issuer's codes.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from healthcode.core import cbor, cose, grammar
from healthcode.core.cose import Algorithm
from healthcode.core.errors import CoreError, MalformedStatusList, NotTrusted
from healthcode.core.keys import Key
from healthcode.core.trust import Trust

CONTENT_TYPE: Final = "application/statuslist+cwt"
MAX_ENTRIES: Final = 1 << 26
MAX_TOKEN_BYTES: Final = 4 << 20
_TYP = 16
_ISS, _SUB, _EXP, _IAT, _STATUS_LIST, _TTL = 1, 2, 4, 6, 65533, 65534
_TAGGED = bytes([0xC0 | cose.SIGN1_TAG])


@dataclass(frozen=True)
class ParsedStatusList:
    """What a token says. Bit `idx` says whether that code is superseded.

    Times in seconds since 1970.
    """

    uri: str
    issuer: str | None
    as_of: int
    expires_at: int | None
    ttl_seconds: int | None
    bits: bytes = field(repr=False)

    def __len__(self) -> int:
        return 8 * len(self.bits)

    def superseded(self, idx: int) -> bool:
        """Return whether the code is superseded. Raises IndexError for an unknown index."""
        if idx < 0:
            raise IndexError(idx)
        return bool(self.bits[idx >> 3] >> (idx & 7) & 1)


@dataclass(frozen=True)
class Statuses:
    """The status lists at hand, by their issuer and the address that codes name."""

    lists: Mapping[tuple[str | None, str], ParsedStatusList] = field(default_factory=dict)

    @classmethod
    def of(cls, lists: Iterable[ParsedStatusList]) -> "Statuses":
        """Keep these lists; of two lists of one issuer and address keep the newer."""
        oldest_first = sorted(lists, key=lambda found: found.as_of)
        return cls({(found.issuer, found.uri): found for found in oldest_first})

    @classmethod
    def load(cls, tokens: Iterable[bytes], *, trust: Trust, at: int) -> "Statuses":
        """Read these tokens. Raises as `load_status_list` does, at the first token that fails."""
        return cls.of(load_status_list(token, trust=trust, at=at) for token in tokens)

    def get(self, uri: str, *, issuer: str) -> ParsedStatusList | None:
        """Return the list at `uri` if it is at hand and this issuer's own."""
        return self.lists.get((issuer, uri))


def status_bits(
    size: int,
    *,
    superseded: Iterable[int] = (),
    earlier: bytes = b"",
    taken_over: Iterable[int] = (),
) -> bytes:
    """Return the bits of a status list with `size` indexes.

    The bits at the indexes in `superseded` are 1. Without an `earlier` list, all other bits are 0.
    With an `earlier` list, the other bits are copied from it. But the bits at the indexes in
    `taken_over` are 0, because these indexes belong to other codes now.

    Raises:
        IndexError: an index is not below the size.
        MalformedStatusList: the size is not allowed, or differs from the size of the earlier list.
    """
    if not 0 < size <= MAX_ENTRIES:
        raise MalformedStatusList(f"a list has 1 to {MAX_ENTRIES} indexes")
    count = (size + 7) // 8
    if earlier and len(earlier) != count:
        raise MalformedStatusList("the earlier list has another size")
    bits = bytearray(earlier or count)
    for idx in taken_over:
        if not 0 <= idx < size:
            raise IndexError(f"index {idx} of {size}")
        bits[idx >> 3] &= ~(1 << (idx & 7))
    for idx in superseded:
        if not 0 <= idx < size:
            raise IndexError(f"index {idx} of {size}")
        bits[idx >> 3] |= 1 << (idx & 7)
    return bytes(bits)


def build_status_list(
    *,
    issuer: str,
    uri: str,
    bits: bytes,
    issued_at: int,
    expires_at: int,
    ttl_seconds: int,
    kid: bytes,
    algorithm: Algorithm,
    signer: Callable[[bytes], bytes],
) -> bytes:
    """Build the token of a list with these `bits`, to publish at `uri`.

    The size of the list at one address never changes. `signer` is as for `sign`. Raises
    MalformedStatusList for a size that is not in use.
    """
    if not 0 < len(bits) <= MAX_ENTRIES // 8:
        raise MalformedStatusList(f"a list has 1 to {MAX_ENTRIES} indexes")
    claims: dict[int, cbor.Encodable] = {
        _ISS: issuer,
        _SUB: uri,
        _EXP: expires_at,
        _IAT: issued_at,
        _STATUS_LIST: {"bits": 1, "lst": _deflate(bits)},
        _TTL: ttl_seconds,
    }
    headers: dict[int, cbor.Encodable] = {
        cose.ALG: algorithm,
        cose.KID: kid,
        _TYP: CONTENT_TYPE,
    }
    return _TAGGED + cose.sign1(headers, cbor.encode(claims), signer)


def parse_status_list(
    token: bytes, keys: Iterable[Key], at: int, *, uri: str | None = None
) -> ParsedStatusList:
    """Read the status list in a token. One of `keys`, in force at `at`, must have signed the list.

    With `uri`, the list must be the one published at this address. A list past its `exp` is still
    read, because a code that it calls superseded stays superseded. But `verify` lets nobody pass
    with an expired list.

    Raises:
        MalformedStatusList: the token is not a status list.
        NotTrusted: no such key has signed the list, or the list belongs to another address.
    """
    message, claims = _read(token)
    parsed = _content(claims)
    if not _signed_by(message, keys, issued_at=parsed.as_of, at=at):
        raise NotTrusted("status list is not signed by a key in force")
    if uri is not None and parsed.uri != uri:
        raise NotTrusted("status list belongs to another address")
    return parsed


def load_status_list(token: bytes, *, trust: Trust, at: int) -> ParsedStatusList:
    """Read a token's list and verify it with the keys of the issuer that it names.

    Raises MalformedStatusList, NotTrusted.
    """
    issuer = trust.issuers.get(_text(_read(token)[1], _ISS))
    if issuer is None:
        raise NotTrusted("status list of an unknown issuer")
    return parse_status_list(token, issuer.keys, at)


def unverified(token: bytes) -> ParsedStatusList:
    """Read a token without verifying it, only to look at it. Raises MalformedStatusList."""
    return _content(_read(token)[1])


def _content(claims: Mapping[int | str, cbor.Value]) -> ParsedStatusList:
    return ParsedStatusList(
        uri=_text(claims, _SUB),
        issuer=_text(claims, _ISS) if _ISS in claims else None,
        as_of=_seconds(claims, _IAT),
        expires_at=_seconds(claims, _EXP) if _EXP in claims else None,
        ttl_seconds=_seconds(claims, _TTL) if _TTL in claims else None,
        bits=bits_of(claims.get(_STATUS_LIST)),
    )


def _read(token: bytes) -> tuple[cose.Sign1, Mapping[int | str, cbor.Value]]:
    if len(token) > MAX_TOKEN_BYTES:
        raise MalformedStatusList("too large")
    try:
        message = cose.parse(token)
        claims = cbor.decode(message.payload)
    except CoreError as error:
        raise MalformedStatusList("not a status list token") from error
    if cose.ALG not in message.headers:
        raise MalformedStatusList("its algorithm is not signed")
    if message.headers.get(_TYP) != CONTENT_TYPE or not isinstance(claims, dict):
        raise MalformedStatusList("not a status list token")
    if len(message.signature) != cose.SIGNATURE_BYTES.get(message.algorithm):
        raise MalformedStatusList("not a signature of an algorithm in use")
    if not isinstance(_kid(message), bytes):
        raise MalformedStatusList("no key identifier")
    return message, claims


def _kid(message: cose.Sign1) -> cbor.Value:
    return message.headers.get(cose.KID, message.hints.get(cose.KID))


def _signed_by(message: cose.Sign1, keys: Iterable[Key], *, issued_at: int, at: int) -> bool:
    kid = _kid(message)
    return any(
        key.kid == kid
        and key.algorithm is message.algorithm
        and key.in_force(issued_at=issued_at, at=at)
        and cose.signature_holds(
            key.algorithm, key.public_key, message.signed_bytes, message.signature
        )
        for key in keys
    )


def bits_of(claim: cbor.Value) -> bytes:
    """Return the bits of a `status_list` claim, one a code. Raises MalformedStatusList."""
    match claim:
        # `case 1` would also match true and 1.0.
        case {"bits": width, "lst": bytes() as compressed} if type(width) is int and width == 1:
            return _inflate(compressed)
        case _:
            raise MalformedStatusList("not a list with one bit a code")


def _deflate(bits: bytes) -> bytes:
    # Superseded indexes are scattered, so only runs of zeros repeat. A search for other repetitions
    # would take a hundred times as long, and lists would not be smaller (docs/performance.md).
    stream = zlib.compressobj(9, strategy=zlib.Z_RLE)
    return stream.compress(bits) + stream.flush()


def _inflate(compressed: bytes) -> bytes:
    """Return the bytes of one whole zlib stream, never more than a list may have."""
    limit = MAX_ENTRIES // 8
    stream = zlib.decompressobj()
    try:
        bits = stream.decompress(compressed, limit + 1)
    except zlib.error as error:
        raise MalformedStatusList("list is not zlib") from error
    if len(bits) > limit:
        raise MalformedStatusList("list is too long")
    if not stream.eof or stream.unused_data:
        raise MalformedStatusList("list is not one whole zlib stream")
    return bits


def _text(claims: Mapping[int | str, cbor.Value], name: int) -> str:
    value = claims.get(name)
    if isinstance(value, str):
        return value
    raise MalformedStatusList(f"claim {name} is not a text")


def _seconds(claims: Mapping[int | str, cbor.Value], name: int) -> int:
    value = claims.get(name)
    if type(value) is int and 0 <= value <= grammar.MAX_NUMBER:
        return value
    raise MalformedStatusList(f"claim {name} is not a number of seconds")
