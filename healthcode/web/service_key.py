"""The key with which this service signs messages to its own devices. It never signs a code.

The key is derived from SECRET_KEY, so every process has it, and nobody stores or rotates it. After
a change of SECRET_KEY, the devices must be enrolled again.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from healthcode.core import Key, key_id
from healthcode.core.cose import sign_es256
from healthcode.core.keys import to_base64url

# The order of P-256 (FIPS 186-5). Private keys are smaller.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def public_key() -> Key:
    """Return the key by which devices verify: P-256, without an end."""
    return Key.of(_private_key(settings.SECRET_KEY).public_key(), not_before=0)


def signed(document: Mapping[str, object], *, typ: str) -> str:
    """Sign the document as a JWS (RFC 7515, compact, ES256) whose header names its `typ`."""
    private_key = _private_key(settings.SECRET_KEY)
    kid = to_base64url(key_id(private_key.public_key()))
    text = f"{_compact({'alg': 'ES256', 'kid': kid, 'typ': typ})}.{_compact(document)}"
    return f"{text}.{to_base64url(sign_es256(private_key, text.encode()))}"


def keyed_hash(*parts: str) -> bytes:
    """Return a hash (32 bytes) that only processes of this service can compute."""
    message = "\x1f".join(parts).encode(errors="surrogatepass")
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)


@cache
def _private_key(secret: str) -> ec.EllipticCurvePrivateKey:
    # 16 bytes more than a key has make the remainder almost uniform; FIPS 186-5, A.2.1, asks for 8.
    derivation = HKDF(SHA256(), 48, salt=None, info=b"health code: what devices are told")
    number = int.from_bytes(derivation.derive(secret.encode()), "big")
    return ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())


def _compact(document: Mapping[str, object]) -> str:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return to_base64url(text.encode())
