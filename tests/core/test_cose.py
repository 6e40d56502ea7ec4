"""Signatures as COSE and JWS carry them."""

from typing import cast

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwk, jws

from healthcode.core import Algorithm, jwk_set
from healthcode.core.cose import sign_es256, signature_holds
from healthcode.core.keys import to_base64url
from tests.core.forge import PHONE, STRANGER

MESSAGE = b"what is signed"


def private_key() -> ec.EllipticCurvePrivateKey:
    key = STRANGER.private_key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def test_signed_is_what_holds() -> None:
    """Often enough that some r and some s begin with a zero, which both halves keep."""
    key = private_key()
    signatures = [sign_es256(key, MESSAGE) for _ in range(2000)]
    assert {len(signature) for signature in signatures} == {64}
    assert any(not signature[0] for signature in signatures)
    assert any(not signature[32] for signature in signatures)
    short = [signature for signature in signatures if not signature[0] or not signature[32]]
    public, strangers = key.public_key(), PHONE.private_key.public_key()
    for signature in short:
        assert signature_holds(Algorithm.ES256, public, MESSAGE, signature)
        assert not signature_holds(Algorithm.ES256, public, MESSAGE + b".", signature)
        assert not signature_holds(Algorithm.ES256, strangers, MESSAGE, signature)


def test_another_library_reads_it() -> None:
    signed = ".".join(to_base64url(part) for part in (b'{"alg":"ES256"}', MESSAGE))
    token = f"{signed}.{to_base64url(sign_es256(private_key(), signed.encode()))}"
    (published,) = cast(list[dict[str, str]], jwk_set([STRANGER.key()])["keys"])
    key = jwk.import_key({name: published[name] for name in ("kty", "crv", "x", "y")})
    assert jws.deserialize_compact(token, key).payload == MESSAGE
