"""The keys of the public log: two of them, sealed, and replaced without a gap."""

import pytest
from django.conf import LazySettings
from django.core.management import CommandError
from django.utils import timezone

from healthcode.acts.log import keys
from healthcode.acts.log.errors import LogFault
from healthcode.acts.log_models import (
    KeyUse,
    LogKey,
)
from healthcode.core.log.notes import SignatureType, parse_key
from tests.acts.log import append_batches, extend, newest
from tests.acts.log.test_sequencer import old_act
from tests.administration import administer
from tests.colours import world
from tests.colours.world import shanghai

pytestmark = pytest.mark.django_db

NOON = shanghai(2, 20, 12)
KINDS = [SignatureType.ED25519, SignatureType.COSIGNATURE_ML_DSA_44]


def test_the_command_prints_keys_that_others_can_read() -> None:
    made = [parse_key(line) for line in administer("make_log_key").splitlines()]
    assert [key.kind for key in made] == KINDS
    assert made == keys.published_keys()
    assert {key.name for key in made} == {"127.0.0.1:8000/.well-known/health-code/log"}


def test_the_keys_of_the_witness_are_others_and_do_not_sign_the_log() -> None:
    made = [parse_key(line) for line in administer("make_log_key", "--witness").splitlines()]
    assert [key.kind for key in made] == [
        SignatureType.COSIGNATURE_ED25519,
        SignatureType.COSIGNATURE_ML_DSA_44,
    ]
    assert {key.name for key in made} == {"127.0.0.1:8000/.well-known/health-code/witness"}
    assert made == keys.published_keys(KeyUse.WITNESS)
    assert keys.published_keys() == []
    with pytest.raises(LogFault, match="The public log has no key"):
        keys.signers()
    own = keys.make_keys(at=NOON, origin="zhejiang.example/log")
    assert len(keys.signers(KeyUse.WITNESS)) == len(keys.signers()) == len(own)


def test_the_command_appends_the_acts_from_before_the_log() -> None:
    old_act(world.officer("33"))
    assert "1 acts from before the public log got their leaves." in administer("make_log_key")
    append_batches(1, at=NOON)
    # The act of the command has a leaf, too.
    assert extend(at=timezone.now()) == 3


def test_the_private_keys_are_sealed(settings: LazySettings) -> None:
    keys.make_keys(at=NOON)
    assert len(keys.signers()) == 2
    settings.LOG_KEY_SECRET = "another secret of some length"
    with pytest.raises(LogFault, match="LOG_KEY_SECRET does not open the key"):
        keys.signers()
    assert len(list(keys.secret_faults())) == 2
    settings.LOG_KEY_SECRET = ""
    assert list(keys.secret_faults()) == []


def test_no_key_is_made_without_the_secret(settings: LazySettings) -> None:
    settings.LOG_KEY_SECRET = ""
    with pytest.raises(CommandError, match="Set LOG_KEY_SECRET"):
        administer("make_log_key")


def test_new_keys_sign_beside_the_earlier_ones() -> None:
    keys.make_keys(at=NOON)
    earlier = keys.published_keys()
    keys.make_keys(at=NOON)
    assert [key.kind for key in keys.published_keys()] == KINDS * 2
    append_batches(1, at=NOON)
    extend(at=NOON)
    assert newest(at=NOON).checkpoint.size == 1
    assert keys.published_keys()[:2] == earlier


def test_keys_that_are_lost_are_retired_and_the_log_goes_on(settings: LazySettings) -> None:
    keys.make_keys(at=NOON)
    append_batches(1, at=NOON)
    extend(at=NOON)
    lost = keys.published_keys()
    settings.LOG_KEY_SECRET = "another secret of some length"
    append_batches(1, at=NOON)
    with pytest.raises(LogFault, match="accept_secret LOG_KEY_SECRET"):
        extend(at=NOON)
    said = administer("accept_secret", "LOG_KEY_SECRET")
    assert all(f"The key {key.key_id.hex()} of the public log is retired." in said for key in lost)
    administer("make_log_key")
    # The batch, and the acts of two commands.
    assert extend(at=timezone.now()) == 3
    assert newest(at=timezone.now()).checkpoint.size == 4
    assert {key.name for key in keys.published_keys()} == {lost[0].name}


def test_after_a_restore_a_new_log_begins() -> None:
    keys.make_keys(at=NOON)
    append_batches(1, at=NOON)
    extend(at=NOON)
    administer("make_log_key", "--origin", "zhejiang.example/log-2")
    extend(at=NOON)
    checkpoint = newest(at=NOON).checkpoint
    assert (checkpoint.origin, checkpoint.size) == ("zhejiang.example/log-2", 1)


def test_a_name_that_no_log_can_have_is_refused() -> None:
    keys.make_keys(at=NOON)
    with pytest.raises(CommandError, match="a key's name has a blank"):
        administer("make_log_key", "--origin", "two words")
    assert LogKey.objects.filter(retired_at=None).count() == 2
