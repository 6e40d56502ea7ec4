"""Signing keys are encrypted, follow each other, and can be withdrawn."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import override_settings

from healthcode.codes import keys
from healthcode.codes.errors import DoesNotSign
from healthcode.codes.models import SigningKey, StatusList
from healthcode.codes.status_lists import editions
from healthcode.core import Kind, Reason, decode
from tests.administration import administer
from tests.codes.conftest import NOON, Resident, at_the_door, code_of

pytestmark = pytest.mark.clock

DAY = timedelta(days=1)


def run(*arguments: str) -> str:
    """Return what a management command prints."""
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def kid_of(code: str) -> bytes:
    return decode(code).kid


def test_the_private_half_lies_sealed(signing_key: SigningKey) -> None:
    sealed = bytes(signing_key.private_sealed)
    with pytest.raises(TypeError, match="encrypted"):
        load_der_private_key(sealed, password=None)
    # One wrong password in 256 gives bytes that look like padding, and then another message.
    with pytest.raises(ValueError, match=r"password|deserialize"):
        load_der_private_key(sealed, password=b"a guess")
    assert load_der_private_key(sealed, settings.SIGNING_KEY_SECRET.encode())


def test_no_key_is_made_without_a_secret_to_seal_it(db: None) -> None:
    with override_settings(SIGNING_KEY_SECRET=""), pytest.raises(ImproperlyConfigured):
        keys.make_key(starts=NOON, signs_for=DAY)
    assert not SigningKey.objects.exists()


def test_secrets_follow_each_other_as_keys_do(zhang: Resident, signing_key: SigningKey) -> None:
    old = settings.SIGNING_KEY_SECRET
    with override_settings(SIGNING_KEY_SECRET=f"newer,{old}"):
        assert kid_of(code_of(zhang)) == bytes(signing_key.kid)
        following = keys.make_key(starts=NOON, signs_for=90 * DAY)
        keys.keyring.forget()
    with override_settings(SIGNING_KEY_SECRET="newer"):
        assert kid_of(code_of(zhang)) == bytes(following.kid)


def test_the_next_key_takes_over_and_the_last_ones_codes_go_on(
    zhang: Resident, signing_key: SigningKey
) -> None:
    tomorrow = NOON + DAY
    following = keys.make_key(starts=tomorrow, signs_for=90 * DAY)
    assert {key.kid for key in keys.published_keys(at=NOON)} == {
        bytes(signing_key.kid),
        bytes(following.kid),
    }
    old = code_of(zhang, kind=Kind.PAPER)
    assert kid_of(old) == bytes(signing_key.kid)
    new = code_of(zhang, at=tomorrow)
    assert kid_of(new) == bytes(following.kid)
    editions.publish(at=tomorrow)
    assert at_the_door(old, at=tomorrow).reason is Reason.OK
    assert at_the_door(new, at=tomorrow).reason is Reason.OK


def test_a_key_verifies_until_its_last_paper_code_is_over(
    zhang: Resident, signing_key: SigningKey
) -> None:
    keys.make_key(starts=signing_key.signs_until, signs_for=90 * DAY)
    last = signing_key.signs_until - timedelta(seconds=1)
    code = code_of(zhang, at=last, kind=Kind.PAPER)
    assert kid_of(code) == bytes(signing_key.kid)
    end = last + timedelta(seconds=settings.PAPER_CODE_SECONDS - 1)
    editions.publish(at=end)
    assert at_the_door(code, at=end).reason is Reason.OK
    assert bytes(signing_key.kid) not in {
        key.kid for key in keys.published_keys(at=signing_key.not_after)
    }


def test_a_withdrawn_key_counts_no_more(zhang: Resident, signing_key: SigningKey) -> None:
    following = keys.make_key(starts=NOON, signs_for=90 * DAY)
    code = code_of(zhang)
    assert kid_of(code) == bytes(following.kid)
    assert keys.withdraw_key(kid=bytes(following.kid), at=NOON)
    editions.publish(at=NOON)
    assert at_the_door(code, at=NOON).reason is Reason.UNKNOWN_KEY
    again = code_of(zhang)
    assert kid_of(again) == bytes(signing_key.kid)
    assert at_the_door(again, at=NOON).reason is Reason.OK


def test_another_process_hears_of_a_withdrawal_within_half_a_minute(
    zhang: Resident, signing_key: SigningKey
) -> None:
    following = keys.make_key(starts=NOON, signs_for=90 * DAY)
    code_of(zhang)
    SigningKey.objects.filter(pk=following.pk).update(withdrawn_at=NOON)
    later = NOON + keys.RELOAD_AFTER
    assert kid_of(code_of(zhang, at=later)) == bytes(signing_key.kid)


def test_a_key_is_used_from_its_first_second_on(zhang: Resident, signing_key: SigningKey) -> None:
    starts = NOON + timedelta(seconds=10)
    following = keys.make_key(starts=starts, signs_for=90 * DAY)
    assert kid_of(code_of(zhang)) == bytes(signing_key.kid)
    assert kid_of(code_of(zhang, at=starts)) == bytes(following.kid)


def test_the_first_key_is_taken_up_at_once(zhang: Resident) -> None:
    with pytest.raises(DoesNotSign):
        code_of(zhang)
    first = keys.make_key(starts=NOON, signs_for=90 * DAY)
    assert kid_of(code_of(zhang)) == bytes(first.kid)


def test_a_key_of_another_algorithm_never_signs(db: None) -> None:
    private_key = ed25519.Ed25519PrivateKey.generate()
    row = SigningKey(
        kid=b"ed25519!",
        public_spki=private_key.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        ),
        private_sealed=private_key.private_bytes(
            Encoding.DER,
            PrivateFormat.PKCS8,
            BestAvailableEncryption(settings.SIGNING_KEY_SECRET.encode()),
        ),
        not_before=NOON - DAY,
        signs_until=NOON + DAY,
        not_after=NOON + 2 * DAY,
    )
    row.save()
    with pytest.raises(ImproperlyConfigured, match="not an ES256 key"):
        keys.keyring.signer(at=NOON)
    with pytest.raises(ImproperlyConfigured, match="not an ES256 key"):
        keys.published_keys(at=NOON)


@time_machine.travel(NOON, tick=False)
def test_the_first_key_signs_at_once_and_the_next_an_hour_later(db: None) -> None:
    administer("make_signing_key", "--days", "30")
    administer("make_signing_key")
    first, second = SigningKey.objects.order_by("id")
    assert first.not_before == NOON
    assert first.signs_until == NOON + 30 * DAY
    assert second.not_before == NOON + timedelta(hours=1)


@time_machine.travel(NOON, tick=False)
def test_the_next_key_leaves_no_gap(db: None) -> None:
    last = keys.make_key(starts=NOON - DAY, signs_for=DAY + timedelta(minutes=10))
    administer("make_signing_key")
    assert SigningKey.objects.latest("id").not_before == last.signs_until


@time_machine.travel(NOON, tick=False)
def test_a_key_begins_when_it_is_told_to(db: None) -> None:
    administer("make_signing_key", "--starts", "2026-03-01T00:00:00+08:00")
    assert SigningKey.objects.get().not_before.isoformat() == "2026-02-28T16:00:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--days", "0"], "from 1 to 3650"),
        (["--days", "999999999"], "from 1 to 3650"),
        (["--starts", "2026-W09-1T00:00:00Z"], "no such time"),
        (["--starts", "2026-02-31T00:00:00Z"], "no such time"),
        (["--starts", "2026-03-01T00:00:00"], "Write it like"),
        (["--starts", "soon"], "Write it like"),
    ],
)
def test_orders_that_make_no_sense_are_refused(
    db: None, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        administer("make_signing_key", *arguments)
    assert not SigningKey.objects.exists()


@time_machine.travel(NOON, tick=False)
def test_withdrawing_signs_the_lists_anew_and_says_when_no_key_is_left(
    zhang: Resident, signing_key: SigningKey
) -> None:
    following = keys.make_key(starts=NOON, signs_for=90 * DAY)
    code_of(zhang)
    kid = bytes(following.kid).hex()
    assert "withdrawn" in administer("withdraw_key", kid)
    assert all(bytes(signing_key.kid) in bytes(row.token) for row in StatusList.objects.all())
    assert f"{kid}  " in run("list_keys")
    assert "withdrawn" in run("list_keys")
    with pytest.raises(CommandError, match="No key"):
        administer("withdraw_key", kid)
    with pytest.raises(CommandError, match="run make_signing_key at once"):
        administer("withdraw_key", bytes(signing_key.kid).hex())
