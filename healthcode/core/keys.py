"""Public keys: their ids, their validity, and the JWK sets (RFC 7517) that publish them."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from healthcode.core import grammar, strict_json
from healthcode.core.cose import Algorithm, PublicKey
from healthcode.core.ed25519 import is_key
from healthcode.core.errors import MalformedKey

KID_BYTES: Final = 8
MAX_KEYS: Final = 64
_COORDINATE_BYTES: Final = 32
_JOSE_NAMES: Final[Mapping[Algorithm, str]] = {
    Algorithm.ES256: "ES256",
    Algorithm.EDDSA: "EdDSA",
    Algorithm.PS256: "PS256",
}

Jwk: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """A public key and the period, in seconds since 1970, in which its signatures count.

    Nothing issued before `not_before` counts. From `not_after` on, no signature of the key
    counts. By then, the last code that the key signed has expired, so that a new key can replace
    the old one without a gap.
    """

    kid: bytes
    public_key: PublicKey
    algorithm: Algorithm
    not_before: int
    not_after: int | None = None

    @classmethod
    def of(cls, public_key: PublicKey, not_before: int, not_after: int | None = None) -> "Key":
        """Return the key with its own id and algorithm."""
        return cls(key_id(public_key), public_key, algorithm_of(public_key), not_before, not_after)

    def in_force(self, *, issued_at: int, at: int) -> bool:
        """Return whether something that this key signed at `issued_at` counts at `at`."""
        return self.not_before <= issued_at and (self.not_after is None or at < self.not_after)


def key_id(public_key: PublicKey) -> bytes:
    """Return the first 8 bytes of the SHA-256 of the key as SubjectPublicKeyInfo in DER."""
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).digest()[:KID_BYTES]


def algorithm_of(public_key: PublicKey) -> Algorithm:
    """Return the only algorithm that a key is for. Raises MalformedKey for curves not in use."""
    match public_key:
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return Algorithm.ES256
        case ed25519.Ed25519PublicKey():
            return Algorithm.EDDSA
        case _:
            raise MalformedKey("codes are signed with P-256 or Ed25519 keys")


def jwk_set(keys: Iterable[Key]) -> dict[str, list[Jwk]]:
    """Return these keys as a JWK set: `kid` in base64url, `nbf` and `exp` in seconds."""
    return {"keys": [_to_jwk(key) for key in keys]}


def parse_jwk_set(data: bytes | Mapping[str, Any]) -> tuple[Key, ...]:
    """Read the keys of a JWK set. It skips key types that are not in use, as RFC 7517 asks.

    Raises MalformedKey, also for a private key, because a published set must contain none.
    """
    parsed = (_from_jwk(jwk) for jwk in _jwks(data))
    return tuple(key for key in parsed if key is not None)


def read_published(data: bytes) -> tuple[tuple[Key, ...], tuple[str, ...]]:
    """Read the keys that an issuer publishes, and a sentence for each key that is left out.

    If one key is bad, the others are still read: otherwise an issuer with one bad key could not
    withdraw another key.

    Raises:
        MalformedKey: this is not a key set, it contains a private key, or it has only bad keys.
    """
    keys, left_out = [], []
    for number, jwk in enumerate(_jwks(data), 1):
        if isinstance(jwk, Mapping) and "d" in jwk:
            raise MalformedKey("a private key among public ones")
        try:
            key = _from_jwk(jwk)
        except MalformedKey as why:
            left_out.append(f"key {number} is left out: {why}")
            continue
        if key is not None:
            keys.append(key)
    if left_out and not keys:
        raise MalformedKey("; ".join(left_out))
    return tuple(keys), tuple(left_out)


def _jwks(data: bytes | Mapping[str, Any]) -> list[Any]:
    document = strict_json.load(data, MalformedKey) if isinstance(data, bytes) else data
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list) or len(keys) > MAX_KEYS:
        raise MalformedKey(f"not a JWK set of at most {MAX_KEYS} keys")
    return keys


def _to_jwk(key: Key) -> Jwk:
    match key.public_key:
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1()) as public_key:
            point = public_key.public_numbers()
            jwk = {
                "kty": "EC",
                "crv": "P-256",
                "x": to_base64url(point.x.to_bytes(_COORDINATE_BYTES, "big")),
                "y": to_base64url(point.y.to_bytes(_COORDINATE_BYTES, "big")),
                "alg": "ES256",
            }
        case ed25519.Ed25519PublicKey() as public_key:
            jwk = {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": to_base64url(public_key.public_bytes_raw()),
                "alg": "EdDSA",
            }
        case _:
            raise MalformedKey("only P-256 and Ed25519 keys are published")
    return jwk | {"use": "sig", "kid": to_base64url(key.kid)} | _validity(key)


def _validity(key: Key) -> Jwk:
    return {"nbf": key.not_before} | ({} if key.not_after is None else {"exp": key.not_after})


def _from_jwk(jwk: object) -> Key | None:
    if not isinstance(jwk, Mapping):
        raise MalformedKey("a key is not an object")
    if "d" in jwk:
        raise MalformedKey("a private key among public ones")
    if not (isinstance(jwk.get("kty"), str) and isinstance(jwk.get("crv", ""), str)):
        raise MalformedKey("a key does not state its kind")
    public_key = _public_key(jwk)
    if public_key is None:
        return None
    if jwk.get("use", "sig") != "sig":
        raise MalformedKey("a key that is not for signatures")
    algorithm = algorithm_of(public_key)
    if jwk.get("alg", jose_name(algorithm)) != jose_name(algorithm):
        raise MalformedKey("algorithm is not the one this key is for")
    kid = from_base64url(jwk.get("kid"))
    if kid != key_id(public_key):
        raise MalformedKey("kid is not that of the key")
    return Key(kid, public_key, algorithm, _seconds(jwk, "nbf") or 0, _seconds(jwk, "exp"))


def _public_key(jwk: Mapping[str, Any]) -> PublicKey | None:
    try:
        match jwk.get("kty"), jwk.get("crv"):
            case "EC", "P-256":
                x, y = _coordinate(jwk.get("x")), _coordinate(jwk.get("y"))
                return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
            case "OKP", "Ed25519":
                point = from_base64url(jwk.get("x"))
                if not is_key(point):
                    raise MalformedKey("key is a point of its curve that proves nothing")
                return ed25519.Ed25519PublicKey.from_public_bytes(point)
            case _:
                return None
    except ValueError as error:
        raise MalformedKey("key is not a point of its curve") from error


def _coordinate(text: object) -> int:
    data = from_base64url(text)
    if len(data) != _COORDINATE_BYTES:
        raise MalformedKey(f"coordinate is not {_COORDINATE_BYTES} bytes")
    return int.from_bytes(data, "big")


def jose_name(algorithm: Algorithm) -> str:
    """Return an algorithm's name in JOSE (RFC 7518, RFC 8037)."""
    return _JOSE_NAMES[algorithm]


def _seconds(jwk: Mapping[str, Any], member: str) -> int | None:
    if member not in jwk:
        return None
    value = jwk[member]
    if type(value) is int and 0 <= value <= grammar.MAX_NUMBER:
        return value
    raise MalformedKey(f"{member} is not seconds since 1970")


def to_base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: object) -> bytes:
    """Return the bytes of canonical base64url without padding. Raises MalformedKey."""
    if not isinstance(text, str):
        raise MalformedKey("base64url text expected")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedKey("not base64url") from error
    if to_base64url(data) != text:
        raise MalformedKey("not canonical base64url")
    return data
