"""Signatures as COSE and JWS carry them."""

from collections.abc import Mapping
from itertools import count
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwk, jws

from healthcode.core import Algorithm, jwk_set
from healthcode.core.cose import PublicKey, sign_es256, signature_holds
from healthcode.core.keys import to_base64url
from tests.core.forge import PHONE, STRANGER

MESSAGE = b"what is signed"


def private_key() -> ec.EllipticCurvePrivateKey:
    key = STRANGER.private_key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


@pytest.mark.parametrize("half", [0, 32])
def test_signed_is_what_holds(half: int) -> None:
    """Also if r or s begins with a zero byte, as one in 256 does: both halves keep their size."""
    key = private_key()
    signatures = (sign_es256(key, MESSAGE) for _ in count())
    signature = next(one for one in signatures if len(one) != 64 or not one[half])
    assert len(signature) == 64
    public, strangers = key.public_key(), PHONE.private_key.public_key()
    assert signature_holds(Algorithm.ES256, public, MESSAGE, signature)
    assert not signature_holds(Algorithm.ES256, public, MESSAGE + b".", signature)
    assert not signature_holds(Algorithm.ES256, strangers, MESSAGE, signature)


EDWARDS = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PSS = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
SIGNED: Mapping[Algorithm, tuple[PublicKey, bytes]] = {
    Algorithm.ES256: (private_key().public_key(), sign_es256(private_key(), MESSAGE)),
    Algorithm.EDDSA: (EDWARDS.public_key(), EDWARDS.sign(MESSAGE)),
    Algorithm.PS256: (RSA.public_key(), RSA.sign(MESSAGE, PSS, SHA256())),
}


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_signature_holds_by_its_own_algorithm_alone(algorithm: Algorithm) -> None:
    public, signature = SIGNED[algorithm]
    assert [one for one in Algorithm if signature_holds(one, public, MESSAGE, signature)] == [
        algorithm
    ]


def test_another_library_reads_it() -> None:
    signed = ".".join(to_base64url(part) for part in (b'{"alg":"ES256"}', MESSAGE))
    token = f"{signed}.{to_base64url(sign_es256(private_key(), signed.encode()))}"
    (published,) = cast(list[dict[str, str]], jwk_set([STRANGER.key()])["keys"])
    key = jwk.import_key({name: published[name] for name in ("kty", "crv", "x", "y")})
    assert jws.deserialize_compact(token, key).payload == MESSAGE
