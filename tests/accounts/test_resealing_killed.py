"""After the rotation of the vault's keys was killed half way, running it again is enough."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from random import Random

import psycopg2
import pytest
from django.conf import LazySettings
from django.utils import timezone

from accounts import admission, vault
from accounts.mark_models import SecretMark
from accounts.models import Identity
from accounts.vault import Field
from healthcode.tools.demo.people import resident_number
from tests.accounts.test_vault import NEW, OLD
from tests.test_starting import ROOT, database_url

BATCH, DONE, PEOPLE = 5, 10, 30


@pytest.mark.django_db(transaction=True)
def test_everybody_is_read_after_a_kill_half_way(areas: None, settings: LazySettings) -> None:
    random = Random(3)
    numbers = [resident_number("330106", random=random) for _ in range(PEOPLE)]
    people = [
        admission.NewPerson(f"王{place}", "10", number, "330106")
        for place, number in enumerate(numbers)
    ]
    settings.VAULT_KEYS = OLD
    ids = admission.admit(people, at=timezone.now())
    settings.VAULT_KEYS = f"{NEW},{OLD}"
    # The command reaches a row that another transaction has locked, and is killed in that batch.
    held = Identity.objects.order_by("pk")[DONE + BATCH - 1].pk
    with closing(psycopg2.connect(database_url())) as other, other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM accounts_identity WHERE person_id = %s FOR UPDATE", [held])
        assert killed_after(f"{DONE} rows resealed\n") == -signal.SIGKILL
    assert under_the_newest() == DONE

    again = resealing(stdout=subprocess.PIPE)
    said, _ = again.communicate(timeout=60)

    assert f"Done: {PEOPLE - DONE} rows" in said
    assert under_the_newest() == PEOPLE
    settings.VAULT_KEYS = NEW
    read = {}
    for one in Identity.objects.filter(person_id__in=ids):
        row = bytes(one.number_index)
        name = vault.unseal(one.name_sealed, field=Field.NAME, row=row)
        read[name] = vault.unseal(one.number_sealed, field=Field.NUMBER, row=row)
    assert read == {one.name: one.id_number for one in people}
    assert {mark.key for mark in SecretMark.objects.filter(setting="VAULT_KEYS")} == {"new"}


def resealing(stdout: int) -> "subprocess.Popen[str]":
    """Start the command as an operator does."""
    environment = {"VAULT_KEYS": f"{NEW},{OLD}", "DATABASE_URL": database_url()}
    return subprocess.Popen(
        [sys.executable, "manage.py", "reseal_vault", "--batch", str(BATCH)],
        env=os.environ | environment | {"PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        stdout=stdout,
        text=True,
    )


def killed_after(line: str) -> int:
    """Kill it after this output; return its status."""
    with resealing(stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert line in process.stdout
        process.kill()
        return process.wait(30)


def under_the_newest() -> int:
    """Count the people whose name and number are both sealed under the newest key.

    The test fails when only one of them is.
    """
    head = vault.current_head()
    pairs = [
        (bytes(one.name_sealed).startswith(head), bytes(one.number_sealed).startswith(head))
        for one in Identity.objects.all()
    ]
    assert all(name == number for name, number in pairs)
    return sum(name for name, _ in pairs)
