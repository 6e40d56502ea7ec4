"""Codes and lists as issuers make them, and as forgers might make them.

Keys are fixed and signatures deterministic (RFC 6979), so that the vectors are always the same.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import base45
import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from healthcode.core import Algorithm, Colour, HealthCode, Key, Kind, StatusRef, sign

NOON = 1_582_000_000
"""18 February 2020, 04:26:40 UTC: the time of every test that names no other."""
ISSUER = "CN-33"
URI = "https://hc.example/s/2020-02-18"
LIST_SIZE = 1000
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

ForgedClaims = dict[int, Any]


@dataclass(frozen=True)
class NamedKey:
    """Return a private key for tests, made from its name."""

    name: str
    algorithm: Algorithm = Algorithm.ES256

    @cached_property
    def private_key(self) -> ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
        seed = hashlib.sha256(f"test key {self.name}".encode()).digest()
        if self.algorithm is Algorithm.EDDSA:
            return ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        return ec.derive_private_key(int.from_bytes(seed, "big") >> 1, ec.SECP256R1())

    def __call__(self, data: bytes) -> bytes:
        """Sign deterministically, unlike `cose.sign_es256`, so that vectors are always the same."""
        match self.private_key:
            case ed25519.Ed25519PrivateKey() as key:
                return key.sign(data)
            case key:
                algorithm = ec.ECDSA(SHA256(), deterministic_signing=True)
                r, s = decode_dss_signature(key.sign(data, algorithm))
                s = min(s, P256_ORDER - s)
                return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def key(self, not_before: int = 0, not_after: int | None = None) -> Key:
        return Key.of(self.private_key.public_key(), not_before, not_after)

    @property
    def point(self) -> bytes:
        """Return x || y of a P-256 key."""
        key = self.private_key.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        point = key.public_numbers()
        return point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")


ZHEJIANG = NamedKey("zhejiang")
ZHEJIANG_NEXT = NamedKey("zhejiang next")
ZHEJIANG_ED = NamedKey("zhejiang ed25519", Algorithm.EDDSA)
SHANGHAI = NamedKey("shanghai")
STRANGER = NamedKey("stranger")
ALLIANCE = NamedKey("alliance")
PHONE = NamedKey("phone")
OTHER_PHONE = NamedKey("other phone")


def health_code(**changes: Any) -> HealthCode:
    """Return a live green code of Zhejiang, valid for five minutes, with changes."""
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "issued_at": NOON,
        "expires_at": NOON + 300,
        "colour": Colour.GREEN,
        "kind": Kind.LIVE,
        "policy": 1,
        "holder": "张*",
        "status": StatusRef(7, URI),
        "phone_key": None,
    }
    if changes.get("kind") is Kind.PAPER:
        values["expires_at"] = NOON + 14 * 86_400
    return HealthCode(**(values | changes))


def signed(signer: NamedKey = ZHEJIANG, **changes: Any) -> str:
    """Return the text of `health_code`, signed."""
    kid = signer.key().kid
    return sign(health_code(**changes), kid=kid, algorithm=signer.algorithm, signer=signer)


def claims(
    changes: Mapping[int, Any] | None = None, *, without: tuple[int, ...] = ()
) -> ForgedClaims:
    """Return the CWT claims of a good code as plain CBOR values, with changes."""
    good: ForgedClaims = {
        1: ISSUER,
        4: NOON + 300,
        6: NOON,
        65535: {"status_list": {"idx": 7, "uri": URI}},
        -65537: {1: 0, 2: 0, 3: 1, 4: "张*"},
    }
    changed = good | dict(changes or {})
    return {name: value for name, value in changed.items() if name not in without}


def forged(
    payload: ForgedClaims | bytes | None = None,
    *,
    headers: Mapping[int, Any] | bytes | None = None,
    hints: Mapping[int, Any] | None = None,
    signer: Callable[[bytes], bytes] = ZHEJIANG,
    wrap: Callable[[bytes], bytes] = bytes,
) -> str:
    """Return a text with any headers and payload, signed as asked; without the core's encoder."""
    body = payload if isinstance(payload, bytes) else canonical(payload or claims())
    kid = ZHEJIANG.key().kid
    header = headers if isinstance(headers, bytes) else canonical(headers or {1: -7, 4: kid})
    signature = signer(canonical(["Signature1", header, b"", body]))
    return text_of(wrap(canonical([header, dict(hints or {}), body, signature])))


def with_later(
    text: str, members: Mapping[int, int | bytes], signer: Callable[[bytes], bytes] = ZHEJIANG
) -> str:
    """Sign the code again with members that the format does not have yet."""
    header, hints, payload, _ = cbor2.loads(bytes_of(text))
    said = cbor2.loads(payload)
    said[-65537] |= members
    body = canonical(said)
    signature = signer(canonical(["Signature1", header, b"", body]))
    return text_of(canonical([header, hints, body, signature]))


def text_of(data: bytes, prefix: str = "JK1:") -> str:
    return prefix + base45.b45encode(data).decode()


def bytes_of(text: str) -> bytes:
    data: bytes = base45.b45decode(text[4:].encode())
    return data


def canonical(value: Any) -> bytes:
    data: bytes = cbor2.dumps(value, canonical=True)
    return data
