"""The vault: encrypt what identifies people, and find people without decrypting anything.

The vault encrypts ("seals") values with AES-256-GCM. Each sealing key has an id, so that keys can
be rotated (`reseal_vault`). Each encrypted value is bound to its field and its row, so it cannot be
decrypted in another place. To find a value, the vault uses HMAC-SHA-256 with a separate key, which
is not rotated with the sealing keys.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

FORMAT = 1
NONCE_BYTES = 12
KEY_BYTES = 32
SEPARATOR = "\x1f"


class VaultError(Exception):
    """A sealed value cannot be decrypted: its key is missing, or it was altered or moved."""


class Field(Enum):
    """The kind of a sealed value, which is part of what it is bound to."""

    NAME = b"identity.name"
    NUMBER = b"identity.number"
    PHONE = b"identity.phone"
    ACCOUNT_PHONE = b"account.phone"
    SESSION_PHONE = b"session.phone"
    STAFF_PHONE = b"staff.phone"
    APP_SECRET = b"authenticator.secret"
    NEW_APP_SECRET = b"session.authenticator.secret"


@dataclass(frozen=True, slots=True)
class _Keyring:
    current: str
    ciphers: Mapping[str, AESGCM]
    index_key: bytes


def seal(plain: str, *, field: Field, row: bytes) -> bytes:
    """Encrypt `plain` under the newest key.

    Args:
        plain: the text.
        field: its kind.
        row: the keyed hash that identifies its row (the index of a document or a phone number).

    Returns:
        format byte, length of the key's id, the id, 12 bytes of nonce, ciphertext with its tag.
    """
    ring = _keyring(settings.VAULT_KEYS, settings.VAULT_INDEX_KEY)
    nonce = os.urandom(NONCE_BYTES)
    sealed = ring.ciphers[ring.current].encrypt(nonce, plain.encode(), field.value + row)
    return _head(ring.current) + nonce + sealed


def unseal(sealed: bytes | memoryview, *, field: Field, row: bytes | memoryview) -> str:
    """Decrypt what `seal` returned.

    Raises:
        VaultError: the key is not among `VAULT_KEYS`, or the value was altered or moved.
    """
    data = bytes(sealed)
    key_id = _key_id(data)
    cipher = _keyring(settings.VAULT_KEYS, settings.VAULT_INDEX_KEY).ciphers.get(key_id)
    if cipher is None:
        raise VaultError("The key that sealed this value is not among VAULT_KEYS.")
    body = data[2 + len(key_id.encode()) :]
    try:
        plain = cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], field.value + bytes(row))
    except (InvalidTag, ValueError) as error:
        raise VaultError("The value was altered, or belongs to another row.") from error
    return plain.decode()


def current_head() -> bytes:
    """Return the first bytes of every value that is sealed under the newest key."""
    return _head(_keyring(settings.VAULT_KEYS, settings.VAULT_INDEX_KEY).current)


def index(kind: str, *parts: str) -> bytes:
    """Return the keyed hash (32 bytes) by which a normalised value of this kind is found."""
    key = _keyring(settings.VAULT_KEYS, settings.VAULT_INDEX_KEY).index_key
    # Typed text may contain lone surrogates. It gets an index as well, which finds nothing.
    message = SEPARATOR.join((kind, *parts)).encode(errors="surrogatepass")
    return hmac.digest(key, message, hashlib.sha256)


def keys() -> dict[str, str]:
    """Return the sealing keys by id, as in VAULT_KEYS, the newest first."""
    pairs = (pair.strip().partition(":") for pair in settings.VAULT_KEYS.split(",") if pair.strip())
    return {key_id: key for key_id, _, key in pairs}


def check_keys() -> None:
    """Read the keys once, so that a process with wrong keys does not start.

    Raises:
        ImproperlyConfigured: naming the wrong setting, but never its value.
    """
    _keyring(settings.VAULT_KEYS, settings.VAULT_INDEX_KEY)


def _head(key_id: str) -> bytes:
    encoded = key_id.encode()
    return bytes((FORMAT, len(encoded))) + encoded


def _key_id(data: bytes) -> str:
    if len(data) < 2 or data[0] != FORMAT:
        raise VaultError("The value was not sealed by this vault.")
    return data[2 : 2 + data[1]].decode("ascii", errors="replace")


@lru_cache(maxsize=8)
def _keyring(keys: str, index_key: str) -> _Keyring:
    pairs = [pair.strip().partition(":") for pair in keys.split(",") if pair.strip()]
    ids = [key_id for key_id, _, _ in pairs]
    if not ids or len(set(ids)) < len(ids) or any(not _fit(key_id) for key_id in ids):
        raise ImproperlyConfigured('VAULT_KEYS must read "id:base64key", newest first, ids unique.')
    ciphers = {key_id: AESGCM(_key("VAULT_KEYS", text)) for key_id, _, text in pairs}
    return _Keyring(ids[0], ciphers, _key("VAULT_INDEX_KEY", index_key))


def _fit(key_id: str) -> bool:
    return 0 < len(key_id) <= 32 and key_id.isascii() and key_id.isprintable()


def _key(setting: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ImproperlyConfigured(f"{setting}: a key is not valid Base64.") from error
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{setting}: a key must have {KEY_BYTES} bytes.")
    return key
