"""Make, encrypt and open the keys that sign the public log, and those of the witness.

A log has two keys: Ed25519, which every client of such logs can verify, and ML-DSA-44, which a
quantum computer cannot forge. The witness, which cosigns other logs, has two keys of its own,
because no signature of a witness may count as one of a log. Only a process with LOG_KEY_SECRET can
open them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
from healthcode.acts.log_models import (
    KeyUse,
    LogKey,
)
from healthcode.core.log.checkpoints import NoteSigner
from healthcode.core.log.notes import NoteKey, SignatureType, load_public

PrivateKey: TypeAlias = Ed25519PrivateKey | MLDSA44PrivateKey

PREFIX: Final = "/.well-known/health-code/log"
WITNESS_PREFIX: Final = "/.well-known/health-code/witness"


@dataclass(frozen=True, slots=True)
class _KeyPair:
    """How the two keys of one use sign, where the service publishes them, and how to make them."""

    kinds: tuple[SignatureType, SignatureType]
    prefix: str
    missing: str


_PAIRS: Final[Mapping[KeyUse, _KeyPair]] = {
    KeyUse.LOG: _KeyPair(
        (SignatureType.ED25519, SignatureType.COSIGNATURE_ML_DSA_44),
        PREFIX,
        "The public log has no key, so the acts recorded so far wait: run manage.py make_log_key.",
    ),
    KeyUse.WITNESS: _KeyPair(
        (SignatureType.COSIGNATURE_ED25519, SignatureType.COSIGNATURE_ML_DSA_44),
        WITNESS_PREFIX,
        "The witness has no key, so it cosigns no log: run manage.py make_log_key --witness.",
    ),
}


def default_origin(use: KeyUse = KeyUse.LOG) -> str:
    """Return the name of this log or witness: its address without the scheme, as C2SP advises."""
    return urlsplit(settings.BASE_URL).netloc + _PAIRS[use].prefix


@transaction.atomic
def make_keys(*, at: datetime, origin: str = "", use: KeyUse = KeyUse.LOG) -> list[LogKey]:
    """Make a key of each kind, which signs beside those that are not retired.

    Args:
        origin: the name of the log or witness. If it is another than that of the keys so far, a new
            log or witness begins for everybody who checks it: the keys so far are retired.

    Raises:
        LogFault: LOG_KEY_SECRET, which encrypts the keys, is not set.
        MalformedKey: no log can have this name.
    """
    secret = _secrets()[0]
    held = _in_force(use).first()
    origin = origin or (held.origin if held else default_origin(use))
    _in_force(use).exclude(origin=origin).update(retired_at=at)
    classical, resistant = _PAIRS[use].kinds
    return [
        _store(Ed25519PrivateKey.generate(), use, classical, origin, secret=secret, at=at),
        _store(MLDSA44PrivateKey.generate(), use, resistant, origin, secret=secret, at=at),
    ]


def retire_lost_keys(*, at: datetime) -> list[LogKey]:
    """Retire the keys that none of the secrets of this process opens; return them."""
    lost = [row for row in _all_in_force() if _open(row) is None]
    LogKey.objects.filter(pk__in=[row.pk for row in lost]).update(retired_at=at)
    return lost


def signers(use: KeyUse = KeyUse.LOG) -> list[NoteSigner]:
    """Return all keys that sign now.

    Raises:
        LogFault: this process has no secret, no key was made, or a key cannot be opened.
    """
    _secrets()
    rows = list(_in_force(use))
    if not rows:
        raise LogFault(_PAIRS[use].missing)
    return [_opened(row) for row in rows]


def published_keys(use: KeyUse = KeyUse.LOG) -> list[NoteKey]:
    """Return the public keys that sign now, oldest first."""
    return [public_key(row) for row in _in_force(use)]


def public_key(row: LogKey) -> NoteKey:
    """Return the public key of a row."""
    kind = SignatureType(row.kind)
    return NoteKey(row.origin, kind, load_public(kind, bytes(row.public)))


def secret_faults() -> Iterator[str]:
    """Yield a sentence for each key that this process should open and cannot.

    A process without LOG_KEY_SECRET does not sign the log, so it yields none.
    """
    if settings.LOG_KEY_SECRET:
        for row in _all_in_force():
            if _open(row) is None:
                yield _lost(row)


def _all_in_force() -> QuerySet[LogKey]:
    return LogKey.objects.filter(retired_at=None).order_by("id")


def _in_force(use: KeyUse) -> QuerySet[LogKey]:
    return _all_in_force().filter(use=use)


def _store(
    private: PrivateKey,
    use: KeyUse,
    kind: SignatureType,
    origin: str,
    *,
    secret: bytes,
    at: datetime,
) -> LogKey:
    key = NoteKey(origin, kind, private.public_key())
    return LogKey.objects.create(
        use=use,
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
        f"LOG_KEY_SECRET does not open the key {public_key(row).key_id.hex()} of {row.origin}: "
        "add the secret that encrypted it after the newest one, with a comma between them. If that "
        "secret is lost, run manage.py accept_secret LOG_KEY_SECRET (docs/howto/rotate-keys.md)."
    )


def _secrets() -> list[bytes]:
    """Return the secrets, which are separated by commas. The first encrypts; each may open keys."""
    if not settings.LOG_KEY_SECRET:
        raise LogFault("Set LOG_KEY_SECRET, which encrypts the keys of the public log.")
    return [secret.encode() for secret in settings.LOG_KEY_SECRET.split(",") if secret]
