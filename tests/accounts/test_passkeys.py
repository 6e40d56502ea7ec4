"""Passkeys: what a real authenticator sends is accepted once, and nothing else."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import passkeys
from accounts.factor_errors import (
    PasskeyBlocked,
    PasskeyCloned,
    PasskeyKnown,
    PasskeyOfAnother,
    PasskeyRefused,
    TooManyPasskeys,
)
from accounts.models import Account, Role
from accounts.second_factor_models import Passkey
from accounts.services import add_staff
from tests.accounts.authenticator import USER_PRESENT, SoftAuthenticator, decoded, encoded

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
Spoil = Callable[[SoftAuthenticator], None]


def officer(name: str) -> Account:
    return add_staff(username=name, password=None, role=Role.OFFICER, area="33", at=AT)


def register(
    account: Account, key: SoftAuthenticator, *, at: datetime = AT, name: str = ""
) -> Passkey:
    options, challenge = passkeys.begin_registration(account=account, at=AT)
    sent = key.make(options)
    return passkeys.register(account=account, challenge=challenge, sent=sent, name=name, at=at)


def prove(account: Account, key: SoftAuthenticator, *, at: datetime = AT) -> Passkey:
    options, challenge = passkeys.begin_proof(account=account, at=AT)
    return passkeys.prove(account=account, challenge=challenge, sent=key.show(options), at=at)


@pytest.fixture
def wang(areas: None) -> Account:
    return officer("wang")


@pytest.mark.parametrize("counts", [True, False])
def test_a_passkey_is_registered_and_shown_again_and_again(wang: Account, counts: bool) -> None:
    key = SoftAuthenticator(counts=counts)
    made = register(wang, key, name="blue key")
    assert (made.name, made.last_used) == ("blue key", None)
    for hour in (1, 2):
        shown = prove(wang, key, at=AT + timedelta(minutes=hour))
        assert shown.pk == made.pk
    kept = Passkey.objects.get()
    assert kept.last_used == AT + timedelta(minutes=2)
    assert kept.sign_count == (3 if counts else 0)
    assert kept.blocked_at is None


def test_the_options_name_staffs_host_and_the_own_passkeys_alone(wang: Account) -> None:
    own, others = SoftAuthenticator(), SoftAuthenticator()
    register(wang, own)
    register(officer("li"), others)
    asked, _challenge = passkeys.begin_registration(account=wang, at=AT)
    shown, _challenge = passkeys.begin_proof(account=wang, at=AT)
    assert asked["rp"]["id"] == shown["rpId"] == "localhost"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert shown["userVerification"] == "required"
    [excluded], [allowed] = asked["excludeCredentials"], shown["allowCredentials"]
    assert decoded(excluded["id"]) == decoded(allowed["id"]) == own.credential_id
    assert len(decoded(asked["user"]["id"])) == 32


def test_a_passkey_without_a_name_gets_a_number(wang: Account) -> None:
    assert register(wang, SoftAuthenticator()).name == "Passkey 1"
    assert register(wang, SoftAuthenticator()).name == "Passkey 2"


def test_a_passkey_is_registered_once(wang: Account) -> None:
    key = SoftAuthenticator()
    register(wang, key)
    with pytest.raises(PasskeyKnown):
        register(wang, key)
    with pytest.raises(PasskeyOfAnother):
        register(officer("li"), key)
    assert Passkey.objects.count() == 1


def test_the_passkey_of_another_officer_opens_nothing(wang: Account) -> None:
    li, key = officer("li"), SoftAuthenticator()
    register(li, key)
    register(wang, SoftAuthenticator())
    with pytest.raises(PasskeyOfAnother):
        prove(wang, key)
    key.credential_id = SoftAuthenticator().credential_id
    with pytest.raises(PasskeyRefused):
        prove(wang, key)


def test_a_cloned_passkey_blocks_both_copies(wang: Account) -> None:
    key = SoftAuthenticator()
    register(wang, key)
    clone = replace(key)
    prove(wang, key)
    with pytest.raises(PasskeyCloned):
        prove(wang, clone)
    assert Passkey.objects.get().blocked_at == AT
    for copy in (key, clone):
        with pytest.raises(PasskeyBlocked):
            prove(wang, copy)
    options, _challenge = passkeys.begin_proof(account=wang, at=AT)
    assert options.get("allowCredentials", []) == []


SPOILT: dict[str, Spoil] = {
    "another page": lambda key: setattr(key, "origin", "https://evil.example"),
    "the residents' address": lambda key: setattr(key, "origin", "http://127.0.0.1:8000"),
    "another host": lambda key: setattr(key, "rp_id", "evil.example"),
    "nobody unlocked it": lambda key: setattr(key, "flags", USER_PRESENT),
    "nobody touched it": lambda key: setattr(key, "flags", 0),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_is_wrong_is_refused(wang: Account, spoil: Spoil) -> None:
    key = SoftAuthenticator()
    spoilt = replace(key)
    spoil(spoilt)
    with pytest.raises(PasskeyRefused):
        register(wang, spoilt)
    register(wang, key)
    spoil(key)
    with pytest.raises(PasskeyRefused):
        prove(wang, key)
    assert Passkey.objects.get().last_used is None


def test_another_key_or_another_user_is_refused(wang: Account) -> None:
    key = SoftAuthenticator()
    register(wang, key)
    with pytest.raises(PasskeyRefused):
        prove(wang, replace(key, key=SoftAuthenticator().key))
    with pytest.raises(PasskeyRefused):
        prove(wang, replace(key, user=bytes(32)))


def test_a_challenge_counts_once_for_one_account_and_five_minutes(wang: Account) -> None:
    key, li = SoftAuthenticator(), officer("li")
    register(wang, key)
    options, challenge = passkeys.begin_proof(account=wang, at=AT)
    sent = key.show(options)
    later = AT + passkeys.CHALLENGE_LIFE + timedelta(seconds=1)
    for account, kept, at in ((wang, challenge, later), (li, challenge, AT), (wang, None, AT)):
        with pytest.raises(PasskeyRefused):
            passkeys.prove(account=account, challenge=kept, sent=sent, at=at)
    assert passkeys.prove(account=wang, challenge=challenge, sent=sent, at=AT)
    Passkey.objects.update(sign_count=0)
    with pytest.raises(PasskeyRefused):
        passkeys.prove(account=wang, challenge=challenge, sent=sent, at=AT)
    with pytest.raises(PasskeyRefused):
        passkeys.register(account=wang, challenge=challenge, sent=sent, name="", at=AT)


def test_ten_passkeys_are_enough(wang: Account) -> None:
    for _number in range(passkeys.MOST):
        register(wang, SoftAuthenticator())
    with pytest.raises(TooManyPasskeys):
        register(wang, SoftAuthenticator())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.binary().map(encoded),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
MEMBERS = (
    *("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"),
)


@given(
    sent=st.text(max_size=50)
    | JSON.map(json.dumps)
    | st.fixed_dictionaries(
        {"id": st.just("YQ"), "rawId": st.just("YQ"), "type": st.just("public-key")},
        optional={"response": st.dictionaries(st.sampled_from(MEMBERS), JSON)},
    ).map(json.dumps)
)
def test_hostile_answers_are_refused_and_nothing_else(sent: str) -> None:
    """Nothing that a browser sends is an error of the service. Needs no database."""
    with pytest.raises(PasskeyRefused):
        passkeys.read_answer(sent)
    challenge = passkeys.Challenge(encoded(bytes(32)), 1, True, 0)
    with pytest.raises(PasskeyRefused):
        passkeys.read_registration(challenge, sent)


@given(data=st.data())
def test_spoilt_bytes_are_refused_and_nothing_else(data: st.DataObject) -> None:
    """Change some bytes of a real registration."""
    key = SoftAuthenticator()
    options = {
        "challenge": encoded(bytes(32)),
        "rp": {"id": "localhost"},
        "user": {"id": encoded(b"1")},
    }
    sent = json.loads(key.make(options))
    raw = bytearray(decoded(sent["response"]["attestationObject"]))
    for _change in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    sent["response"]["attestationObject"] = encoded(bytes(raw[:cut]))
    challenge = passkeys.Challenge(options["challenge"], 1, True, 0)
    with suppress(PasskeyRefused):
        passkeys.read_registration(challenge, json.dumps(sent))
