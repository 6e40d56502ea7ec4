"""COSE_Sign1 (RFC 9052): the signed envelope of codes and status lists.

Algorithms by their number in the IANA registry "COSE Algorithms". The algorithm of a message must
be the one its key is for; a message cannot choose.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from healthcode.core import cbor
from healthcode.core.errors import CoreError

SIGN1_TAG: Final = 18
SIGNATURE1: Final = b"\x84" + cbor.encode("Signature1")
"""What every Sig_structure of a COSE_Sign1 begins with."""
ALG, CRIT, KID = 1, 2, 4


class Algorithm(IntEnum):
    """Signature algorithms in use. PS256 only verifies codes from elsewhere."""

    ES256 = -7
    EDDSA = -8
    PS256 = -37


_ALGORITHMS: Final = frozenset(map(int, Algorithm))
_ECDSA = ec.ECDSA(SHA256())
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_S: Final = slice(32, None)
_HIGHEST_LOW_S: Final = (_P256_ORDER // 2).to_bytes(32, "big")
SIGNATURE_BYTES: Final = {Algorithm.ES256: 64, Algorithm.EDDSA: 64}

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


class MalformedCose(CoreError):
    """Bytes that are no COSE_Sign1 of a kind in use."""


@dataclass(frozen=True, slots=True)
class Sign1:
    """A COSE_Sign1 message, its signature not verified.

    `protected` is the header as it was signed, `headers` what it says; `hints` is the unprotected
    header, which anybody may have written.
    """

    protected: bytes
    headers: Mapping[int | str, cbor.Value]
    hints: Mapping[int | str, cbor.Value]
    payload: bytes
    signature: bytes
    algorithm: Algorithm

    @property
    def signed_bytes(self) -> bytes:
        return self.signed_with(b"")

    def signed_with(self, external: bytes) -> bytes:
        """What was signed, if the signer added `external` data that both sides know."""
        # An empty header is signed as no bytes, however it was sent (RFC 9052, 4.4, step 2).
        protected = self.protected if self.headers else b""
        return sig_structure(protected, self.payload, external)


def sig_structure(protected: bytes, payload: bytes, external: bytes = b"") -> bytes:
    """The bytes that a signer signs: Sig_structure of RFC 9052, 4.4."""
    return SIGNATURE1 + b"".join(map(cbor.encode, (protected, external, payload)))


def parse(data: bytes) -> Sign1:
    """A COSE_Sign1, tagged or not. Raises MalformedCose, MalformedCbor."""
    return from_value(cbor.decode(data))


def from_value(message: cbor.Value) -> Sign1:
    """As `parse`, from CBOR already decoded."""
    if isinstance(message, cbor.Tag) and message.number == SIGN1_TAG:
        message = message.value
    match message:
        case [bytes() as protected, dict() as hints, bytes() as payload, bytes() as signature]:
            headers = _headers(protected)
            algorithm = _algorithm(headers.get(ALG, hints.get(ALG)))
            return Sign1(protected, headers, hints, payload, signature, algorithm)
        case _:
            raise MalformedCose("not a COSE_Sign1 with its payload")


def sign1(
    headers: Mapping[int, cbor.Encodable],
    payload: bytes,
    signer: Callable[[bytes], bytes],
) -> bytes:
    """An untagged COSE_Sign1 over `payload`; `signer` turns a Sig_structure into a signature."""
    protected = cbor.encode(headers)
    signature = signer(sig_structure(protected, payload))
    return cbor.encode([protected, {}, payload, signature])


def _headers(protected: bytes) -> Mapping[int | str, cbor.Value]:
    headers = cbor.decode(protected) if protected else {}
    if not isinstance(headers, dict):
        raise MalformedCose("protected header is not a map")
    if CRIT in headers:
        # Nothing in use here is critical, so whatever is marked so is not understood.
        raise MalformedCose("critical header not understood")
    return headers


def _algorithm(number: cbor.Value) -> Algorithm:
    """The algorithm named. An unsigned name is as good: it must be that of the key anyway."""
    if type(number) is int and number in _ALGORITHMS:
        return Algorithm(number)
    raise MalformedCose("algorithm not in use")


def signature_holds(
    algorithm: Algorithm, public_key: PublicKey, signed_bytes: bytes, signature: bytes
) -> bool:
    """Whether the key made this signature, with exactly this algorithm."""
    try:
        if algorithm is Algorithm.ES256 and isinstance(public_key, ec.EllipticCurvePublicKey):
            der = _to_der(signature, _coordinate_bytes(public_key.key_size))
            public_key.verify(der, signed_bytes, _ECDSA)
        elif algorithm is Algorithm.EDDSA and isinstance(public_key, ed25519.Ed25519PublicKey):
            public_key.verify(signature, signed_bytes)
        elif algorithm is Algorithm.PS256 and isinstance(public_key, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
            public_key.verify(signature, signed_bytes, pss, SHA256())
        else:
            return False
    except InvalidSignature:
        return False
    return True


def is_low(signature: bytes) -> bool:
    """Whether an ES256 signature with P-256 is the one of two equal ones that codes carry.

    Beside (r, s) anybody can write (r, n - s) without the key; only the lower s is in use.
    """
    return signature[_S] <= _HIGHEST_LOW_S


def lowered(algorithm: Algorithm, signer: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """The signer, its ES256 signatures with P-256 in the form that codes carry."""

    def sign(message: bytes) -> bytes:
        signature = signer(message)
        if algorithm is not Algorithm.ES256 or is_low(signature):
            return signature
        s = int.from_bytes(signature[_S], "big")
        # What is no signature of this kind is left as it is, to be refused by its readers.
        return (
            signature[:32] + (_P256_ORDER - s).to_bytes(32, "big") if s < _P256_ORDER else signature
        )

    return sign


def sign_es256(private_key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """The ES256 signature as COSE (RFC 9053, 2.1) and JWS (RFC 7518, 3.4) carry it: r || s."""
    size = _coordinate_bytes(private_key.key_size)
    r, s = decode_dss_signature(private_key.sign(message, _ECDSA))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _coordinate_bytes(key_size: int) -> int:
    return (key_size + 7) // 8


def _to_der(signature: bytes, size: int) -> bytes:
    """r || s, each of `size` bytes, as COSE carries it, to the DER that the library reads."""
    if len(signature) != 2 * size:
        raise InvalidSignature
    r, s = signature[:size], signature[size:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
