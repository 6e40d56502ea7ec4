"""Public keys: their identifiers, and the sets they travel in."""

import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from healthcode.core import (
    Algorithm,
    Key,
    MalformedKey,
    jwk_set,
    key_id,
    parse_jwk_set,
    read_published,
)
from healthcode.core.keys import from_base64url, to_base64url
from tests.core.forge import NOON, ZHEJIANG, ZHEJIANG_ED
from tests.core.lists import ED25519_POINTS, ed25519_jwk


def test_identifier_is_the_beginning_of_the_hash_of_the_spki() -> None:
    key = ZHEJIANG.private_key.public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    assert key_id(key) == hashlib.sha256(spki).digest()[:8]


@pytest.mark.parametrize("signer", [ZHEJIANG, ZHEJIANG_ED], ids=lambda signer: signer.name)
def test_what_is_published_is_read(signer: Any) -> None:
    keys = (signer.key(NOON), signer.key(NOON, NOON + 10))
    published = json.dumps(jwk_set(keys)).encode()

    assert parse_jwk_set(published) == keys


def test_a_set_names_members_as_jose_does() -> None:
    (jwk,) = jwk_set([ZHEJIANG.key(5, 9)])["keys"]

    assert {name: jwk[name] for name in ("kty", "crv", "alg", "use", "nbf", "exp")} == {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ES256",
        "use": "sig",
        "nbf": 5,
        "exp": 9,
    }


def test_key_types_not_in_use_are_passed_over() -> None:
    others = [{"kty": "RSA"}, {"kty": "EC", "crv": "P-521"}, {"kty": "of the future"}]
    document = {"keys": [*others, *jwk_set([ZHEJIANG.key()])["keys"]]}

    assert parse_jwk_set(document) == (ZHEJIANG.key(),)


@pytest.mark.parametrize(
    "changes",
    [
        {"d": "AAAA"},
        {"kid": "AAAAAAAAAAA"},
        {"kid": None},
        {"alg": "ES384"},
        {"alg": "none"},
        {"x": "!!"},
        {"x": "AAAA"},
        {"x": 7},
        {"y": to_base64url(bytes(32))},
        {"nbf": "2020"},
        {"nbf": True},
        {"exp": -1},
        {"exp": 1.5},
    ],
    ids=str,
)
def test_a_key_that_is_not_what_it_says_is_refused(changes: dict[str, Any]) -> None:
    (jwk,) = jwk_set([ZHEJIANG.key()])["keys"]

    with pytest.raises(MalformedKey):
        parse_jwk_set({"keys": [jwk | changes]})


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[1]}', b'{"keys":[],"keys":[]}', b"\xff", b"NaN"],
)
def test_what_is_no_set_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedKey):
        parse_jwk_set(data)


@pytest.mark.parametrize("y", ED25519_POINTS.values(), ids=list(ED25519_POINTS))
def test_a_point_of_small_order_or_in_another_form_is_no_key(y: int) -> None:
    with pytest.raises(MalformedKey, match="point"):
        parse_jwk_set({"keys": [ed25519_jwk(y)]})


def test_of_a_published_set_one_bad_key_takes_none_of_the_others_away() -> None:
    (good,) = jwk_set([ZHEJIANG.key()])["keys"]
    bad = [ed25519_jwk(0), good | {"kid": "AAAAAAAAAAA"}, 7, {"kty": None}, good | {"nbf": 1.5}]
    others = [{"kty": "RSA", "n": "AQ", "e": "Aw", "x5t": 1.5}, good]
    document = json.dumps({"keys": [*bad, *others], "more": True}).encode()

    keys, left_out = read_published(document)

    assert keys == (ZHEJIANG.key(),)
    numbers = [int(sentence.split(" ")[1]) for sentence in left_out]
    assert numbers == [1, 2, 3, 4, 5]
    with pytest.raises(MalformedKey):
        parse_jwk_set(document)
    assert read_published(b'{"keys": []}') == ((), ())


def test_a_published_set_of_bad_keys_alone_is_refused_and_one_with_a_private_key() -> None:
    (good,) = jwk_set([ZHEJIANG.key()])["keys"]
    for keys in ([ed25519_jwk(0)], [good, good | {"d": "AA"}]):
        with pytest.raises(MalformedKey):
            read_published(json.dumps({"keys": keys}).encode())


def test_a_set_is_bounded() -> None:
    with pytest.raises(MalformedKey):
        parse_jwk_set({"keys": jwk_set([ZHEJIANG.key()])["keys"] * 65})
    with pytest.raises(MalformedKey):
        parse_jwk_set(b" " * (2 << 20))


@pytest.mark.parametrize(
    "public_key",
    [
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key(),
    ],
)
def test_keys_of_other_kinds_sign_no_codes(public_key: Any) -> None:
    with pytest.raises(MalformedKey):
        Key.of(public_key, 0)
    with pytest.raises(MalformedKey):
        jwk_set([Key(bytes(8), public_key, Algorithm.PS256, 0)])


@pytest.mark.parametrize("text", ["A", "AA==", "AB", "A+/=", "A B", "é", None, 3])
def test_base64url_is_canonical(text: object) -> None:
    with pytest.raises(MalformedKey):
        from_base64url(text)
