"""COSE_Sign1 (RFC 9052): the signed envelope of codes and status lists.

Algorithms have their numbers from the IANA registry "COSE Algorithms". A message cannot choose its
algorithm: it must be the one that its key is for.
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
"""The first bytes of every Sig_structure of a COSE_Sign1."""
ALG, CRIT, KID = 1, 2, 4


class Algorithm(IntEnum):
    """The signature algorithms in use. PS256 only verifies certificates from elsewhere."""

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
    """Raised for bytes that are not a COSE_Sign1 of a kind in use."""


@dataclass(frozen=True, slots=True)
class Sign1:
    """A COSE_Sign1 message whose signature has not been verified.

    `protected` is the signed header as bytes, `headers` its content. `hints` is the unprotected
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
        """Return the signed bytes, with `external` data if both sides know such data."""
        # An empty header is signed as no bytes, in whatever form it was sent (RFC 9052, 4.4, step
        # 2).
        protected = self.protected if self.headers else b""
        return sig_structure(protected, self.payload, external)


def sig_structure(protected: bytes, payload: bytes, external: bytes = b"") -> bytes:
    """Return the bytes to sign: the Sig_structure of RFC 9052, 4.4."""
    return SIGNATURE1 + b"".join(map(cbor.encode, (protected, external, payload)))


def parse(data: bytes) -> Sign1:
    """Read a COSE_Sign1, tagged or not. Raises MalformedCose, MalformedCbor."""
    return from_value(cbor.decode(data))


def from_value(message: cbor.Value) -> Sign1:
    """Read a COSE_Sign1, as `parse` does, from decoded CBOR."""
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
    """Make an untagged COSE_Sign1 over `payload`; `signer` signs the Sig_structure."""
    protected = cbor.encode(headers)
    signature = signer(sig_structure(protected, payload))
    return cbor.encode([protected, {}, payload, signature])


def _headers(protected: bytes) -> Mapping[int | str, cbor.Value]:
    headers = cbor.decode(protected) if protected else {}
    if not isinstance(headers, dict):
        raise MalformedCose("protected header is not a map")
    if CRIT in headers:
        # No header in use here is critical, so a critical header is one that this code does not
        # understand.
        raise MalformedCose("critical header not understood")
    return headers


def _algorithm(number: cbor.Value) -> Algorithm:
    """Return the named algorithm.

    The name may be unsigned, because the algorithm must be the one of the key anyway.
    """
    if type(number) is int and number in _ALGORITHMS:
        return Algorithm(number)
    raise MalformedCose("algorithm not in use")


def signature_holds(
    algorithm: Algorithm, public_key: PublicKey, signed_bytes: bytes, signature: bytes
) -> bool:
    """Return whether the key made this signature with exactly this algorithm."""
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
    """Return whether a P-256 signature has the lower s, which is the only form that codes carry.

    From (r, s) anybody can compute (r, n - s) without the key, so one of the two must be refused.
    """
    return signature[_S] <= _HIGHEST_LOW_S


def lowered(algorithm: Algorithm, signer: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return a signer whose ES256 signatures with P-256 have the form that codes carry."""

    def sign(message: bytes) -> bytes:
        signature = signer(message)
        if algorithm is not Algorithm.ES256 or is_low(signature):
            return signature
        s = int.from_bytes(signature[_S], "big")
        # An s beyond the order makes no valid signature. It stays as it is, and readers refuse it.
        return (
            signature[:32] + (_P256_ORDER - s).to_bytes(32, "big") if s < _P256_ORDER else signature
        )

    return sign


def sign_es256(private_key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """Return the ES256 signature in the form of COSE (RFC 9053, 2.1) and JWS (RFC 7518, 3.4).

    It is r || s.
    """
    size = _coordinate_bytes(private_key.key_size)
    r, s = decode_dss_signature(private_key.sign(message, _ECDSA))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _coordinate_bytes(key_size: int) -> int:
    return (key_size + 7) // 8


def _to_der(signature: bytes, size: int) -> bytes:
    """Convert r || s, each of `size` bytes as in COSE, to the DER that the library reads."""
    if len(signature) != 2 * size:
        raise InvalidSignature
    r, s = signature[:size], signature[size:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
