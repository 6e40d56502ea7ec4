"""Files of public keys that people send and save: which are accepted, and what refusals say."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils.translation import override
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from pytest_django import Settings

from accounts.models import Account
from healthcode import core
from healthcode.web.errors import InvalidInput
from tests.administration import administer
from tests.core.lists import ED25519_POINTS, ed25519_jwk
from tests.verifier.authority import Authority
from tests.verifier.partner import PartnerMachine, new_key
from tests.verifier.test_partners import register
from verifier.models import Partner
from verifier.recognition import alliance
from verifier.recognition.checks import check_settings

MARK = b"\xef\xbb\xbf"
NO_SET = "The keys are not a JWK set."
ONE_TO_TEN = "Give a JWK set of 1 to 10 keys. Each key needs its own kid."
PRIVATE = "Send only public keys. A private key must never leave its owner."
OTHER_KIND = "Use P-256 keys, or RSA keys of at least 2048 bits."
KEY = new_key().as_dict(private=False)


def key_set(*keys: Any) -> bytes:
    return json.dumps({"keys": keys}).encode()


NOT_TAKEN = {
    "nothing": (b"", NO_SET),
    "list": (b"[]", NO_SET),
    "binary": (b"\xff", NO_SET),
    "two marks": (2 * MARK + key_set(KEY), NO_SET),
    "UTF-16": (key_set(KEY).decode().encode("utf-16"), NO_SET),
    "empty": (b"{}", NO_SET),
    "none": (key_set(), NO_SET),
    "twice": (key_set(KEY, KEY), ONE_TO_TEN),
    "private": (json.dumps(KeySet([new_key()]).as_dict(private=True)).encode(), PRIVATE),
    "private of a kind not in use": (
        key_set(OKPKey.generate_key("Ed25519").as_dict(private=True)),
        PRIVATE,
    ),
    "secret": (key_set({"kty": "oct", "k": "c2VjcmV0", "kid": "1"}), PRIVATE),
    "P-384": (key_set(ECKey.generate_key("P-384").as_dict(private=False)), OTHER_KIND),
    "X25519": (key_set(OKPKey.generate_key("X25519").as_dict(private=False)), OTHER_KIND),
    "Ed25519": (key_set(OKPKey.generate_key("Ed25519").as_dict(private=False)), OTHER_KIND),
    "RSA": (key_set(RSAKey.generate_key(1024).as_dict(private=False)), OTHER_KIND),
    "off the curve": (key_set(KEY | {"x": KEY["y"], "y": KEY["x"]}), NO_SET),
    "the point 0, 0": (key_set(KEY | {"x": "A" * 43, "y": "A" * 43}), NO_SET),
}


def add_partner(file: Path) -> None:
    administer("add_partner", "cn-32", f"--keys={file}", "--scope=verify")


@pytest.mark.django_db
@pytest.mark.parametrize(("keys", "sentence"), NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_keys_that_are_not_taken(tmp_path: Path, keys: bytes, sentence: str) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(keys)
    with override("en"):
        with pytest.raises(InvalidInput) as refused:
            register(PartnerMachine(), keys=keys)
        assert str(refused.value.detail) == sentence
        with pytest.raises(CommandError) as told:
            add_partner(file)
        assert str(told.value) == sentence
    assert not Account.objects.filter(username="cn-32").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("y", ED25519_POINTS.values(), ids=list(ED25519_POINTS))
def test_a_key_of_small_order_is_no_partners(tmp_path: Path, y: int) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(key_set(KEY, ed25519_jwk(y)))
    with override("en"), pytest.raises(CommandError, match=f"^({OTHER_KIND}|{NO_SET})$"):
        add_partner(file)
    assert not Partner.objects.exists()


@pytest.mark.django_db
def test_a_partners_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(MARK + key_set(KEY))
    add_partner(file)
    assert [key["kid"] for key in Partner.objects.get().keys["keys"]] == [KEY["kid"]]


@pytest.fixture
def of_alliance(tmp_path: Path, settings: Settings) -> Path:
    """The file that ALLIANCE_KEYS names. It does not exist yet."""
    settings.TRUST_LIST = str(tmp_path / "trust.jws")
    file = tmp_path / "alliance.json"
    settings.ALLIANCE_KEYS = str(file)
    return file


def test_the_alliances_file_may_begin_with_a_byte_order_mark(of_alliance: Path) -> None:
    key = Authority().key
    of_alliance.write_bytes(MARK + json.dumps(core.jwk_set([key])).encode())
    assert check_settings() == []
    assert alliance.keys() == (key,)
    of_alliance.write_bytes(2 * MARK + json.dumps(core.jwk_set([key])).encode())
    [fault] = check_settings()
    assert fault.msg.startswith("ALLIANCE_KEYS names a file without a readable JWK set: not JSON: ")


@pytest.mark.parametrize("y", ED25519_POINTS.values(), ids=list(ED25519_POINTS))
def test_a_key_of_small_order_is_no_alliances(of_alliance: Path, y: int) -> None:
    keys = core.jwk_set([Authority().key])["keys"]
    of_alliance.write_bytes(key_set(*keys, ed25519_jwk(y)))
    [fault] = check_settings()
    assert fault.msg.startswith("ALLIANCE_KEYS names a file without a readable JWK set: ")
    assert "not a point of its curve" in fault.msg
