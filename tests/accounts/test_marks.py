"""A secret that does not belong to the database is reported before anything uses it."""

import base64
import os
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts import admission, marks
from accounts.mark_models import SecretMark
from tests.accounts.people import LI, WANG
from tests.administration import administer

pytestmark = pytest.mark.django_db


def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


OTHERS = {
    "ISSUER": "CN-31",
    "SECRET_KEY": "another secret of fifty characters and a few more so",
    "VAULT_INDEX_KEY": key(),
    "STATUS_INDEX_KEY": key(),
}


def test_whoever_starts_first_makes_the_marks_and_who_repeats_finds_them() -> None:
    assert marks.faults() == []
    made = set(SecretMark.objects.values_list("setting", "key"))
    assert made == {*((name, "") for name in OTHERS), ("VAULT_KEYS", "k1")}
    assert marks.faults() == []
    assert SecretMark.objects.count() == len(made)


@pytest.mark.parametrize("name", OTHERS)
def test_another_one_is_named_and_never_shown(name: str, settings: Any) -> None:
    marks.faults()
    right = getattr(settings, name)
    setattr(settings, name, OTHERS[name])
    [sentence] = marks.faults()
    assert sentence.startswith(f"{name} is not the one that this database was made with. Restore")
    assert OTHERS[name] not in sentence
    setattr(settings, name, right)
    assert marks.faults() == [], "the wrong one has left no trace"


def test_a_refused_key_of_the_vault_leaves_no_mark(settings: Any) -> None:
    """Otherwise one start with a wrong key would stop every later start with the right keys."""
    marks.faults()
    right = settings.VAULT_KEYS
    settings.VAULT_KEYS = f"k9:{key()}"
    assert [sentence.split(",")[0] for sentence in marks.faults()] == [
        "VAULT_KEYS lacks the key k1"
    ]
    settings.VAULT_KEYS = f"k9:{key()},{right}"
    settings.SECRET_KEY, own = OTHERS["SECRET_KEY"], settings.SECRET_KEY
    assert [sentence.split()[0] for sentence in marks.faults()] == ["SECRET_KEY"]
    settings.SECRET_KEY, settings.VAULT_KEYS = own, right
    assert marks.faults() == []


def test_every_secret_that_is_wrong_is_named(settings: Any) -> None:
    marks.faults()
    for name, value in OTHERS.items():
        setattr(settings, name, value)
    assert [sentence.split()[0] for sentence in marks.faults()] == list(OTHERS)


def test_who_does_not_sign_is_not_asked_for_what_signs(settings: Any) -> None:
    marks.faults()
    settings.STATUS_INDEX_KEY = ""
    assert marks.faults() == []


def test_a_key_of_the_vault_may_go_once_everything_is_sealed_anew(
    areas: None, settings: Any
) -> None:
    old, new = f"k1:{key()}", f"k2:{key()}"
    settings.VAULT_KEYS = old
    assert marks.faults() == []
    admission.admit([admission.NewPerson(**who) for who in (WANG, LI)], at=timezone.now())

    settings.VAULT_KEYS = new
    [sentence] = marks.faults()
    assert sentence.startswith("VAULT_KEYS lacks the key k1, under which names and numbers")
    settings.VAULT_KEYS = f"{new},{old}"
    assert marks.faults() == []
    call_command("reseal_vault", stdout=StringIO())
    assert marks.faults() == [], "the older one may stay for a while"
    settings.VAULT_KEYS = new
    assert marks.faults() == []
    settings.VAULT_KEYS = old
    [sentence] = marks.faults()
    assert sentence.startswith("VAULT_KEYS lacks the key k2")


def test_another_key_under_an_id_that_is_in_use_is_told(settings: Any) -> None:
    marks.faults()
    settings.VAULT_KEYS = f"k1:{key()}"
    [sentence] = marks.faults()
    assert sentence.startswith("VAULT_KEYS: the key k1 is not the one that sealed names")


def test_a_replaced_secret_is_the_one_from_then_on(settings: Any) -> None:
    marks.faults()
    right = settings.SECRET_KEY
    settings.SECRET_KEY = OTHERS["SECRET_KEY"]
    administer("accept_secret", "SECRET_KEY")
    assert marks.faults() == []
    settings.SECRET_KEY = right
    assert [sentence.split()[0] for sentence in marks.faults()] == ["SECRET_KEY"]
