"""Make, encrypt and open the keys that sign the public log.

A log has two keys: Ed25519, which every client of such logs can verify, and ML-DSA-44, which a
quantum computer cannot forge. Only a process with LOG_KEY_SECRET can open them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_der_private_key,
)
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from healthcode.acts.log.errors import LogFault
from healthcode.acts.models import LogKey
from healthcode.core.log.checkpoints import NoteSigner
from healthcode.core.log.notes import NoteKey, SignatureType, load_public

PrivateKey: TypeAlias = Ed25519PrivateKey | MLDSA44PrivateKey

PREFIX: Final = "/.well-known/health-code/log"


def default_origin() -> str:
    """Return the name of this log: where it is published, without the scheme, as C2SP advises."""
    return urlsplit(settings.BASE_URL).netloc + PREFIX


@transaction.atomic
def make_keys(*, at: datetime, origin: str = "") -> list[LogKey]:
    """Make a key of each kind, which signs beside those that are not retired.

    Args:
        origin: the name of the log. If it is another than that of the keys so far, a new log
            begins for everybody who checks it: the keys so far are retired.

    Raises:
        LogFault: LOG_KEY_SECRET, which encrypts the keys, is not set.
        MalformedKey: no log can have this name.
    """
    secret = _secrets()[0]
    held = _in_force().first()
    origin = origin or (held.origin if held else default_origin())
    _in_force().exclude(origin=origin).update(retired_at=at)
    return [
        _store(Ed25519PrivateKey.generate(), SignatureType.ED25519, origin, secret, at),
        _store(
            MLDSA44PrivateKey.generate(), SignatureType.COSIGNATURE_ML_DSA_44, origin, secret, at
        ),
    ]


def retire_lost_keys(*, at: datetime) -> list[LogKey]:
    """Retire the keys that none of the secrets of this process opens; return them."""
    lost = [row for row in _in_force() if _open(row) is None]
    LogKey.objects.filter(pk__in=[row.pk for row in lost]).update(retired_at=at)
    return lost


def signers() -> list[NoteSigner]:
    """Return all keys that sign now.

    Raises:
        LogFault: this process has no secret, no key was made, or a key cannot be opened.
    """
    _secrets()
    rows = list(_in_force())
    if not rows:
        raise LogFault(
            "The public log has no key, so the acts recorded so far wait: "
            "run manage.py make_log_key."
        )
    return [_opened(row) for row in rows]


def published_keys() -> list[NoteKey]:
    """Return the public keys that sign now, oldest first."""
    return [public_key(row) for row in _in_force()]


def public_key(row: LogKey) -> NoteKey:
    """Return the public key of a row."""
    kind = SignatureType(row.kind)
    return NoteKey(row.origin, kind, load_public(kind, bytes(row.public)))


def secret_faults() -> Iterator[str]:
    """Yield a sentence for each key that this process should open and cannot.

    A process without LOG_KEY_SECRET does not sign the log, so it yields none.
    """
    if settings.LOG_KEY_SECRET:
        for row in _in_force():
            if _open(row) is None:
                yield _lost(row)


def _in_force() -> QuerySet[LogKey]:
    return LogKey.objects.filter(retired_at=None).order_by("id")


def _store(
    private: PrivateKey, kind: SignatureType, origin: str, secret: bytes, at: datetime
) -> LogKey:
    key = NoteKey(origin, kind, private.public_key())
    return LogKey.objects.create(
        origin=key.name,
        kind=kind,
        public=private.public_key().public_bytes_raw(),
        private_sealed=private.private_bytes(
            Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(secret)
        ),
        made_at=at,
    )


def _opened(row: LogKey) -> NoteSigner:
    signer = _open(row)
    if signer is None:
        raise LogFault(_lost(row))
    return signer


def _open(row: LogKey) -> NoteSigner | None:
    for secret in _secrets():
        try:
            private = load_der_private_key(bytes(row.private_sealed), secret)
        except ValueError:
            continue
        if isinstance(private, Ed25519PrivateKey | MLDSA44PrivateKey):
            return NoteSigner(public_key(row), private.sign)
    return None


def _lost(row: LogKey) -> str:
    return (
        f"LOG_KEY_SECRET does not open the key {public_key(row).key_id.hex()} of the public log: "
        "add the secret that encrypted it after the newest one, with a comma between them. If that "
        "secret is lost, run manage.py accept_secret LOG_KEY_SECRET (docs/howto/rotate-keys.md)."
    )


def _secrets() -> list[bytes]:
    """Return the secrets, which are separated by commas. The first encrypts; each may open keys."""
    if not settings.LOG_KEY_SECRET:
        raise LogFault("Set LOG_KEY_SECRET, which encrypts the keys of the public log.")
    return [secret.encode() for secret in settings.LOG_KEY_SECRET.split(",") if secret]
