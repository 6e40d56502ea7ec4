"""Signed notes: a text, and below it signatures that anybody can add (C2SP signed-note)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from healthcode.core.ed25519 import is_key
from healthcode.core.errors import CoreError, MalformedKey, MalformedLog, NotGenuine

LARGEST_NOTE: Final = 1 << 17
"""In bytes. Every reader must accept 16 signatures; 16 of ML-DSA-44 need 54 kB."""
# White_Space of Unicode 15.1 (PropList.txt).
_SPACES: Final = "\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NAME: Final = re.compile(f"[^{_SPACES}+]{{1,255}}")
_SIGNATURE: Final = re.compile(f"— ({_NAME.pattern}) ([A-Za-z0-9+/]+={{0,2}})")
_ID_BYTES: Final = 4


class SignatureType(IntEnum):
    """How a key signs, with the numbers that C2SP assigns. Readers skip other kinds."""

    ED25519 = 1
    COSIGNATURE_ED25519 = 4
    COSIGNATURE_ML_DSA_44 = 6


NotePublicKey: TypeAlias = Ed25519PublicKey | MLDSA44PublicKey
_KEY_BYTES: Final = {
    SignatureType.ED25519: 32,
    SignatureType.COSIGNATURE_ED25519: 32,
    SignatureType.COSIGNATURE_ML_DSA_44: 1312,
}


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line: who signed, the first bytes of the key's digest, and the signature."""

    name: str
    key_id: bytes
    data: bytes

    def __str__(self) -> str:
        return f"— {self.name} {to_base64(self.key_id + self.data)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures, not verified."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"


@dataclass(frozen=True)
class NoteKey:
    """A public key with a name, and how it signs."""

    name: str
    kind: SignatureType
    public_key: NotePublicKey
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise MalformedKey("a key's name has a blank or a plus, or is not 1 to 255 long")
        digest = hashlib.sha256(self.name.encode() + b"\n" + self._typed()).digest()
        object.__setattr__(self, "key_id", digest[:_ID_BYTES])

    def __str__(self) -> str:
        """The key as text: name, key ID and key, which C2SP calls a vkey."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(self._typed())}"

    @property
    def identity(self) -> tuple[str, bytes]:
        """Return how a signature line names the key."""
        return self.name, self.key_id

    def made(self, signature: Signature) -> bool:
        """Return whether the signature line names this key."""
        return (signature.name, signature.key_id) == self.identity

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Return whether the key signed these bytes."""
        try:
            self.public_key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def _typed(self) -> bytes:
        return bytes([self.kind]) + self.public_key.public_bytes_raw()


def parse_key(text: str) -> NoteKey:
    """Read the key in a vkey.

    Raises MalformedKey if it is not a vkey, has another key's id, or is of a kind that is not in
    use.
    """
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    typed = from_base64(encoded, MalformedKey)
    try:
        kind = SignatureType(typed[0])
    except (IndexError, ValueError):
        raise MalformedKey(
            "a key of a log is Ed25519 or ML-DSA-44, in a kind that C2SP numbers"
        ) from None
    if len(typed) != 1 + _KEY_BYTES[kind]:
        raise MalformedKey(f"a key of this kind is {_KEY_BYTES[kind]} bytes")
    key = NoteKey(name, kind, load_public(kind, typed[1:]))
    if key.key_id.hex() != key_id:
        raise MalformedKey("the key ID is not that of the key")
    return key


def parse_note(data: bytes) -> Note:
    """Read a note without verifying it. Raises MalformedLog."""
    if len(data) > LARGEST_NOTE:
        raise MalformedLog(f"a note has at most {LARGEST_NOTE} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedLog("a note is UTF-8") from error
    # The last empty line separates the text from the signatures.
    text, found, lines = whole.rpartition("\n\n")
    if not found or not text or not lines.endswith("\n"):
        raise MalformedLog("a note is a text, an empty line and lines of signatures")
    if re.search("[\u0000-\u0009\u000b-\u001f]", whole):
        raise MalformedLog("a note has no control characters")
    return Note(text + "\n", tuple(map(_parse_signature, lines[:-1].split("\n"))))


def parse_signatures(text: str) -> tuple[Signature, ...]:
    """Read signature lines without their note, as a witness answers. Raises MalformedLog."""
    if not text.endswith("\n"):
        raise MalformedLog("a line of a signature ends in a newline")
    return tuple(map(_parse_signature, text[:-1].split("\n")))


def genuine(
    note: Note, keys: Iterable[NoteKey], verify: Callable[[NoteKey, Signature], bool]
) -> tuple[tuple[NoteKey, Signature], ...]:
    """Return the signatures of known keys, without those of unknown keys.

    Raises NotGenuine if the signature of a known key is not genuine, because then the note is not
    genuine either.
    """
    found = []
    known = tuple(keys)
    for signature in note.signatures:
        for key in known:
            if key.made(signature):
                if not verify(key, signature):
                    raise NotGenuine(f"the signature of {key.name} is not genuine")
                found.append((key, signature))
    return tuple(found)


def _parse_signature(line: str) -> Signature:
    match = _SIGNATURE.fullmatch(line)
    if match is None:
        raise MalformedLog("not the line of a signature")
    data = from_base64(match[2])
    if len(data) <= _ID_BYTES:
        raise MalformedLog("a signature is shorter than its key ID")
    return Signature(match[1], data[:_ID_BYTES], data[_ID_BYTES:])


def to_base64(data: bytes) -> str:
    """Return the bytes in Base64 (RFC 4648, 4), as all texts of a log spell them."""
    return base64.b64encode(data).decode()


def from_base64(text: str, error: type[CoreError] = MalformedLog) -> bytes:
    """Return the bytes that the text spells. Raises `error` if `to_base64` does not write it so."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as why:
        raise error("not Base64") from why
    # Bits after the last byte would allow several spellings of one signature.
    if to_base64(data) != text:
        raise error("not Base64 as RFC 4648 writes it")
    return data


def load_public(kind: SignatureType, data: bytes) -> NotePublicKey:
    """Return the public key of this kind in these bytes. Raises MalformedKey."""
    if kind is SignatureType.COSIGNATURE_ML_DSA_44:
        return MLDSA44PublicKey.from_public_bytes(data)
    if not is_key(data):
        raise MalformedKey("key is not a point of its curve that proves anything")
    return Ed25519PublicKey.from_public_bytes(data)
