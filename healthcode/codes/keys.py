"""This issuer's signing keys: made, sealed, loaded by a process that signs, published, withdrawn.

A code is signed through `Signer`, so that a key may just as well live in a token or a key service.
Only a process with SIGNING_KEY_SECRET can open the sealed halves; every other one gets nothing
but public keys.
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
"""How long a process may go on with the keys it knows: so soon a withdrawal holds everywhere."""

MARGIN: Final = timedelta(days=1)
"""How much longer a key verifies than its last code lives."""


class Signer(Protocol):
    """Something that signs with one key, wherever that key lives."""

    @property
    def kid(self) -> bytes:
        """The key's identifier, as codes carry it."""

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm that the key is for."""

    def sign(self, message: bytes) -> bytes:
        """The signature as COSE carries it: for ES256 r || s, 64 bytes (RFC 9053, 2.1)."""


@dataclass(frozen=True)
class LocalSigner:
    """Signs with a key in this process's memory."""

    kid: bytes
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)
    algorithm: Algorithm = Algorithm.ES256

    def sign(self, message: bytes) -> bytes:
        """See `Signer`."""
        return sign_es256(self.private_key, message)


class Keyring:
    """The keys a process signs with: opened once each, looked for again now and then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: list[SigningKey] = []
        self._signers: dict[bytes, Signer] = {}
        self._loaded_at: datetime | None = None

    def signer(self, *, at: datetime) -> Signer:
        """The signer in use at `at`: of the keys that sign then, the one that came in last.

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
        """Look for keys afresh at the next signature."""
        with self._lock:
            self._loaded_at, self._rows, self._signers = None, [], {}

    def _is_old(self, at: datetime) -> bool:
        # Without a key nothing works, so the first one is not kept waiting.
        if self._loaded_at is None or not self._rows:
            return True
        return abs(at - self._loaded_at) >= RELOAD_AFTER

    def _load(self, at: datetime) -> None:
        if not settings.SIGNING_KEY_SECRET:
            raise DoesNotSign
        # A key that begins before the next look must be at hand by then.
        soon = at + RELOAD_AFTER
        self._rows = list(
            SigningKey.objects.filter(withdrawn_at=None, not_before__lte=soon, signs_until__gt=at)
        )
        held = {bytes(row.kid) for row in self._rows}
        self._signers = {kid: signer for kid, signer in self._signers.items() if kid in held}
        self._loaded_at = at


keyring = Keyring()


def make_key(*, starts: datetime, signs_for: timedelta) -> SigningKey:
    """Make an ES256 key that signs from `starts` for `signs_for`, and store it sealed.

    It verifies until the last code it can have signed is over, and `MARGIN` longer.

    Raises:
        ImproperlyConfigured: there is no SIGNING_KEY_SECRET to seal it with.
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
    """Unseal the private half of a key.

    Raises:
        DoesNotSign: this process has no secret.
        ImproperlyConfigured: none of the secrets is the one that sealed this key.
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
        f"SIGNING_KEY_SECRET does not open signing key {kid.hex()}: add the secret that sealed it "
        "behind the newest, with a comma between them (docs/howto/rotate-keys.md)."
    )


def secret_faults(*, at: datetime) -> Iterator[str]:
    """A sentence for each key that signs at `at` or later and that this process cannot open.

    None of a process that does not sign.
    """
    if settings.SIGNING_KEY_SECRET:
        for row in _in_force(at).filter(signs_until__gt=at):
            try:
                open_key(row)
            except ImproperlyConfigured as fault:
                yield str(fault)


def withdraw_key(*, kid: bytes, at: datetime) -> bool:
    """Stop a key from signing and verifying; False when there is no such key in force.

    Verifiers refuse its codes once they have fetched the keys again.
    """
    changed = SigningKey.objects.filter(kid=kid, withdrawn_at=None).update(withdrawn_at=at)
    keyring.forget()
    return bool(changed)


def published_keys(*, at: datetime) -> list[Key]:
    """The public keys that verify at `at` or later, oldest first; withdrawn ones are not there.

    A key is published from the moment it is made, so that verifiers have it before its first code.
    """
    return [_public(row) for row in _in_force(at).order_by("not_before", "id")]


def signing_until(*, at: datetime) -> datetime | None:
    """When the last of the keys that sign at `at` or later stops; None when none does."""
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
    """The secrets, separated by commas: the first seals, any may open what it sealed before."""
    if not settings.SIGNING_KEY_SECRET:
        raise ImproperlyConfigured("Set SIGNING_KEY_SECRET, which seals the signing keys.")
    return [secret.encode() for secret in settings.SIGNING_KEY_SECRET.split(",") if secret]
