"""Marks show which secrets this database was made with, so a process with another secret stops.

A mark is a hash of a constant text with a secret as the key. It tells only whether two secrets are
the same. The first process makes the marks, and every later process compares its secrets with them.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Final

from django.conf import settings
from django.db import transaction

from accounts import vault
from accounts.mark_models import SecretMark

VAULT_KEYS: Final = "VAULT_KEYS"

NEVER: Final = "It must never change, because nobody could be found any more."
ACCEPT: Final = "docs/howto/rotate-keys.md says how to change it."
ADVICE: Final[Mapping[str, str]] = {
    "ISSUER": "A database belongs to one issuer for good.",
    "SECRET_KEY": ACCEPT,
    "VAULT_INDEX_KEY": NEVER,
    "STATUS_INDEX_KEY": ACCEPT,
}
"""Settings with a single value and therefore a single mark, and what to do when it differs."""


def faults() -> list[str]:
    """Return a sentence for each secret of this process that does not belong to this database.

    If all belong, a secret without a mark gets one, but not from a process of doors. Secrets that
    this process does not have are not checked.
    """
    held = {name: str(getattr(settings, name)) for name in ADVICE}
    ours = {(name, ""): _mark(name, value) for name, value in held.items() if value}
    keys = vault.keys()
    for newest in list(keys)[:1]:
        ours[VAULT_KEYS, newest] = _mark(VAULT_KEYS, keys[newest])
    with transaction.atomic():
        if not settings.SERVES_DOORS_ONLY:
            _add(ours)
        marks = {(row.setting, row.key): bytes(row.mark) for row in SecretMark.objects.all()}
        others = [
            name
            for (name, key), mark in ours.items()
            if not key and marks.get((name, key), mark) != mark
        ]
        found = [_other(name) for name in others] + list(_vault_faults(keys, marks) if keys else ())
        if found:
            # A mark of a wrong vault key would stop the processes with the right keys.
            transaction.set_rollback(True)
    return found


def _add(ours: Mapping[tuple[str, str], bytes]) -> None:
    rows = [SecretMark(setting=name, key=key, mark=mark) for (name, key), mark in ours.items()]
    SecretMark.objects.bulk_create(rows, ignore_conflicts=True)


def replace_mark(name: str) -> None:
    """Accept this process's secret as the one that belongs to this database from now on."""
    mark = _mark(name, str(getattr(settings, name)))
    SecretMark.objects.update_or_create(setting=name, key="", defaults={"mark": mark})


def forget_older_vault_keys() -> None:
    """Delete the marks of older vault keys, once nothing is sealed under them any more."""
    newest = next(iter(vault.keys()))
    SecretMark.objects.filter(setting=VAULT_KEYS).exclude(key=newest).delete()


def _vault_faults(keys: Mapping[str, str], marks: Mapping[tuple[str, str], bytes]) -> Iterator[str]:
    for (name, key), mark in sorted(marks.items()):
        if name != VAULT_KEYS:
            continue
        if key not in keys:
            yield (
                f"VAULT_KEYS lacks the key {key}, under which names and numbers are sealed. Put it "
                "back behind the newest key. You can remove it after manage.py reseal_vault."
            )
        elif _mark(VAULT_KEYS, keys[key]) != mark:
            yield (
                f"VAULT_KEYS: the key {key} is not the one that sealed names and numbers here. "
                "Restore the previous key, or give the new key a new id and put it first."
            )


def _other(name: str) -> str:
    return (
        f"{name} is not the one that this database was made with. Restore the previous value, or "
        f"correct DATABASE_URL. {ADVICE[name]}"
    )


def _mark(name: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), f"mark of {name}".encode(), hashlib.sha256)
