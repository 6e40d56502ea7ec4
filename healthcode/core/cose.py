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
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from healthcode.core import cbor
from healthcode.core.errors import CoreError

SIGN1_TAG: Final = 18
ALG, CRIT, KID = 1, 2, 4
_P256_BYTES = 32


class Algorithm(IntEnum):
    """Signature algorithms in use. PS256 only verifies codes from elsewhere."""

    ES256 = -7
    EDDSA = -8
    PS256 = -37


_ALGORITHMS: Final = frozenset(map(int, Algorithm))
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
        return sig_structure(self.protected, self.payload)


def sig_structure(protected: bytes, payload: bytes, external: bytes = b"") -> bytes:
    """The bytes that a signer signs: Sig_structure of RFC 9052, 4.4."""
    return cbor.encode(["Signature1", protected, external, payload])


def parse(data: bytes) -> Sign1:
    """A COSE_Sign1, tagged or not. Raises MalformedCose, MalformedCbor."""
    message = cbor.decode(data)
    if isinstance(message, cbor.Tag) and message.number == SIGN1_TAG:
        message = message.value
    match message:
        case [bytes() as protected, dict() as hints, bytes() as payload, bytes() as signature]:
            headers = _headers(protected)
            return Sign1(protected, headers, hints, payload, signature, _algorithm(headers))
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


def _algorithm(headers: Mapping[int | str, cbor.Value]) -> Algorithm:
    number = headers.get(ALG)
    if type(number) is int and number in _ALGORITHMS:
        return Algorithm(number)
    raise MalformedCose("algorithm not in use")


def signature_holds(
    algorithm: Algorithm, public_key: PublicKey, signed_bytes: bytes, signature: bytes
) -> bool:
    """Whether the key made this signature, with exactly this algorithm."""
    try:
        match algorithm, public_key:
            case Algorithm.ES256, ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
                public_key.verify(_to_der(signature), signed_bytes, ec.ECDSA(SHA256()))
            case Algorithm.EDDSA, ed25519.Ed25519PublicKey():
                public_key.verify(signature, signed_bytes)
            case Algorithm.PS256, rsa.RSAPublicKey():
                pss = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
                public_key.verify(signature, signed_bytes, pss, SHA256())
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def _to_der(signature: bytes) -> bytes:
    """r || s, as COSE carries an ECDSA signature, to the DER that the library reads."""
    if len(signature) != 2 * _P256_BYTES:
        raise InvalidSignature
    r, s = signature[:_P256_BYTES], signature[_P256_BYTES:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
