"""Sealing values, finding people, and rotating keys."""

import base64
from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import admission, selectors, vault
from accounts.models import Account, Identity
from accounts.vault import Field
from tests.accounts.people import LI, SMITH, WANG

ROW = b"r" * 32
OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()


@given(st.text(max_size=200).filter(lambda text: text.isprintable()))
def test_what_is_sealed_can_be_opened(plain: str) -> None:
    sealed = vault.seal(plain, field=Field.NAME, row=ROW)
    assert vault.unseal(sealed, field=Field.NAME, row=ROW) == plain


def test_two_sealings_of_one_value_differ() -> None:
    assert len({vault.seal("张三", field=Field.NAME, row=ROW) for _ in range(8)}) == 8


@pytest.mark.parametrize(
    ("field", "row"), [(Field.NUMBER, ROW), (Field.NAME, b"q" * 32), (Field.NAME, b"")]
)
def test_a_value_that_was_moved_does_not_open(field: Field, row: bytes) -> None:
    sealed = vault.seal("张三", field=Field.NAME, row=ROW)
    with pytest.raises(vault.VaultError):
        vault.unseal(sealed, field=field, row=row)


def test_no_altered_or_shortened_value_opens() -> None:
    sealed = vault.seal("张三", field=Field.NAME, row=ROW)
    altered = [sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :] for i in range(len(sealed))]
    shortened = [sealed[:length] for length in range(len(sealed))]
    for wrong in altered + shortened:
        with pytest.raises(vault.VaultError):
            vault.unseal(wrong, field=Field.NAME, row=ROW)


def test_indexes_of_different_kinds_and_parts_differ() -> None:
    indexes = {
        vault.index("phone", "1", "2"),
        vault.index("phone", "12"),
        vault.index("otp", "1", "2"),
    }
    assert len(indexes) == 3
    assert {len(index) for index in indexes} == {32}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VAULT_KEYS", ""),
        ("VAULT_KEYS", "no-colon"),
        ("VAULT_KEYS", "k1:not base64!"),
        ("VAULT_KEYS", "k1:c2hvcnQ="),
        ("VAULT_KEYS", f"{OLD},{OLD}"),
        ("VAULT_INDEX_KEY", "c2hvcnQ="),
    ],
)
def test_wrong_keys_stop_the_start_and_are_not_repeated(
    settings: LazySettings, name: str, value: str
) -> None:
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        vault.check_keys()
    assert name in str(refusal.value)
    assert "c2hvcnQ=" not in str(refusal.value)


def test_rotating_the_key_reseals_everything(areas: None, settings: LazySettings) -> None:
    settings.VAULT_KEYS = OLD
    people = [admission.NewPerson(**who, phone="13800138000") for who in (WANG, LI, SMITH)]
    ids = admission.admit(people, at=timezone.now())
    index = vault.index("phone", "+8613800138000")
    sealed = vault.seal("+8613800138000", field=Field.ACCOUNT_PHONE, row=index)
    Account.objects.create(phone_index=index, phone_sealed=sealed)

    settings.VAULT_KEYS = f"{NEW},{OLD}"
    said = StringIO()
    call_command("reseal_vault", "--batch", "2", stdout=said)

    assert "Done: 4 rows" in said.getvalue()
    settings.VAULT_KEYS = NEW
    assert selectors.masked_names(ids) == dict(zip(ids, ["王*", "李*", "J*** S***"], strict=True))
    who = Identity.objects.get(person_id=ids[0])
    assert who.phone_sealed is not None
    phone = vault.unseal(who.phone_sealed, field=Field.PHONE, row=who.number_index)
    assert phone == "+8613800138000"
    assert bytes(Account.objects.get().phone_sealed or b"").startswith(vault.current_head())
    said = StringIO()
    call_command("reseal_vault", stdout=said)
    assert "Done: 0 rows" in said.getvalue()


def test_a_value_under_a_key_that_is_gone_says_so(areas: None, settings: LazySettings) -> None:
    settings.VAULT_KEYS = OLD
    [person] = admission.admit([admission.NewPerson(**WANG)], at=timezone.now())
    settings.VAULT_KEYS = NEW
    with pytest.raises(vault.VaultError, match="VAULT_KEYS"):
        selectors.masked_name(person)
