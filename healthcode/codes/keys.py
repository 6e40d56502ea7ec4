"""Make, encrypt, load, publish and withdraw this issuer's signing keys.

Callers sign through `Signer`, so that a key may also live in a hardware token or a key service.
Only a process with SIGNING_KEY_SECRET can decrypt the private keys. All others have the public keys
only.
"""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q, QuerySet

from healthcode.codes.errors import DoesNotSign
from healthcode.codes.models import SigningKey
from healthcode.core import Algorithm, Key, key_id
from healthcode.core.cose import sign_es256

logger = logging.getLogger(__name__)

RELOAD_AFTER: Final = timedelta(seconds=30)
"""How long a process uses loaded keys; after this time a withdrawal takes effect everywhere."""

MARGIN: Final = timedelta(days=1)
"""How much longer a key verifies after its last code has expired."""


class Signer(Protocol):
    """Signs with one key, wherever this key lives."""

    @property
    def kid(self) -> bytes:
        """Return the key id, as codes carry it."""

    @property
    def algorithm(self) -> Algorithm:
        """Return the algorithm that this key may be used with."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature in the form of COSE: for ES256 r || s, 64 bytes (RFC 9053, 2.1)."""


@dataclass(frozen=True)
class LocalSigner:
    """Signs with a private key in this process's memory."""

    kid: bytes
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)
    algorithm: Algorithm = Algorithm.ES256

    def sign(self, message: bytes) -> bytes:
        """Sign as `Signer` describes."""
        return sign_es256(self.private_key, message)


class Keyring:
    """Keeps the keys that this process signs with.

    The keyring decrypts each key once, and reads the table again every `RELOAD_AFTER`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: list[SigningKey] = []
        self._signers: dict[bytes, Signer] = {}
        self._loaded_at: datetime | None = None

    def signer(self, *, at: datetime) -> Signer:
        """Return the newest of the keys that sign at `at`.

        Raises:
            DoesNotSign: this process has no secret, or no key signs at that time.
        """
        with self._lock:
            if self._is_old(at):
                self._load(at)
            row = _signing(self._rows, at)
            if row is None:
                logger.error("no signing key at %s", at.isoformat())
                raise DoesNotSign
            kid = bytes(row.kid)
            if kid not in self._signers:
                self._signers[kid] = open_key(row)
            return self._signers[kid]

    def forget(self) -> None:
        """Make the next signature read the keys from the database again."""
        with self._lock:
            self._loaded_at, self._rows, self._signers = None, [], {}

    def _is_old(self, at: datetime) -> bool:
        # Without a key the process can sign nothing, so it looks at every call until one appears.
        if self._loaded_at is None or not self._rows:
            return True
        return abs(at - self._loaded_at) >= RELOAD_AFTER

    def _load(self, at: datetime) -> None:
        if not settings.SIGNING_KEY_SECRET:
            raise DoesNotSign
        # The keyring must already hold a key that starts to sign before it reads the table again.
        soon = at + RELOAD_AFTER
        self._rows = list(
            SigningKey.objects.filter(withdrawn_at=None, not_before__lte=soon, signs_until__gt=at)
        )
        held = {bytes(row.kid) for row in self._rows}
        self._signers = {kid: signer for kid, signer in self._signers.items() if kid in held}
        self._loaded_at = at


keyring = Keyring()


def make_key(*, starts: datetime, signs_for: timedelta) -> SigningKey:
    """Make an ES256 key that signs from `starts` for the time `signs_for`, and store it encrypted.

    The key verifies until `MARGIN` after its last code has expired.

    Raises:
        ImproperlyConfigured: SIGNING_KEY_SECRET, which encrypts the key, is not set.
    """
    private_key = ec.generate_private_key(ec.SECP256R1())
    public_key = private_key.public_key()
    signs_until = starts + signs_for
    longest = max(settings.PAPER_CODE_SECONDS, settings.LIVE_CODE_SECONDS)
    return SigningKey.objects.create(
        kid=key_id(public_key),
        public_spki=public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        private_sealed=private_key.private_bytes(
            Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(_secrets()[0])
        ),
        not_before=starts,
        signs_until=signs_until,
        not_after=signs_until + timedelta(seconds=longest) + MARGIN,
    )


def open_key(row: SigningKey) -> LocalSigner:
    """Decrypt a private key.

    Raises:
        DoesNotSign: this process has no secret.
        ImproperlyConfigured: this key was encrypted with none of the secrets.
    """
    if not settings.SIGNING_KEY_SECRET:
        raise DoesNotSign
    kid = bytes(row.kid)
    for secret in _secrets():
        try:
            private_key = load_der_private_key(bytes(row.private_sealed), secret)
        except ValueError:
            continue
        if isinstance(private_key, ec.EllipticCurvePrivateKey):
            return LocalSigner(kid, private_key)
        raise ImproperlyConfigured(f"Signing key {kid.hex()} is not an ES256 key.")
    raise ImproperlyConfigured(
        f"SIGNING_KEY_SECRET does not decrypt signing key {kid.hex()}: add the secret that "
        "encrypted it after the newest one, with a comma between them (docs/howto/rotate-keys.md)."
    )


def secret_faults(*, at: datetime) -> Iterator[str]:
    """Yield a sentence for each key that signs at `at` or later and cannot be decrypted here.

    A process that does not sign yields none.
    """
    if settings.SIGNING_KEY_SECRET:
        for row in _in_force(at).filter(signs_until__gt=at):
            try:
                open_key(row)
            except ImproperlyConfigured as fault:
                yield str(fault)


def withdraw_key(*, kid: bytes, at: datetime) -> bool:
    """Stop a key from signing and verifying. Return False if no key in force has this id.

    Verifiers refuse this key's codes as soon as they have fetched the keys again.
    """
    changed = SigningKey.objects.filter(kid=kid, withdrawn_at=None).update(withdrawn_at=at)
    keyring.forget()
    return bool(changed)


def published_keys(*, at: datetime) -> list[Key]:
    """Return the public keys that verify at `at` or later, oldest first, without withdrawn ones.

    A key is published as soon as it exists, so that verifiers have it before its first code.
    """
    return [_public(row) for row in _in_force(at).order_by("not_before", "id")]


def signing_until(*, at: datetime) -> datetime | None:
    """Return when the last key that signs at `at` or later stops; None if no key does."""
    last = _in_force(at).filter(signs_until__gt=at).order_by("-signs_until").first()
    return last.signs_until if last else None


def _in_force(at: datetime) -> QuerySet[SigningKey]:
    return SigningKey.objects.filter(Q(withdrawn_at=None), not_after__gt=at)


def _public(row: SigningKey) -> Key:
    public_key = load_der_public_key(bytes(row.public_spki))
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise ImproperlyConfigured(f"Signing key {bytes(row.kid).hex()} is not an ES256 key.")
    return Key.of(public_key, int(row.not_before.timestamp()), int(row.not_after.timestamp()))


def _signing(rows: list[SigningKey], at: datetime) -> SigningKey | None:
    candidates = [row for row in rows if row.not_before <= at < row.signs_until]
    return max(candidates, key=lambda row: (row.not_before, row.pk), default=None)


def _secrets() -> list[bytes]:
    """Return the secrets, which are separated by commas. The first encrypts; each may decrypt."""
    if not settings.SIGNING_KEY_SECRET:
        raise ImproperlyConfigured("Set SIGNING_KEY_SECRET, which encrypts the signing keys.")
    return [secret.encode() for secret in settings.SIGNING_KEY_SECRET.split(",") if secret]
