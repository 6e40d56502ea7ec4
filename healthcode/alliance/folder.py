"""The folder of an alliance: its encrypted key, its public keys, a draft, and the list last signed.

Anybody who has the folder and the secret can sign for the alliance. The folder's public files,
`alliance.json` and `trust.jws`, are for everybody.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from healthcode.core import (
    Issuer,
    Key,
    MalformedTrustList,
    Trust,
    WentBackwards,
    jwk_set,
    key_id,
    parse_jwk_set,
    parse_trust_list,
    sign_trust_list,
    strict_json,
)
from healthcode.core.cose import sign_es256
from healthcode.core.trust_list import describe, differences, read
from healthcode.web.files import write_private, write_public

_OVERLAP_SECONDS: Final = 24 * 3600
_UNSIGNED: Final = Trust(issuers={}, as_of=0, expires_at=1, sequence=0)


class AllianceError(Exception):
    """A command cannot be carried out on this folder. The message is printed as it is."""


@dataclass(frozen=True)
class Folder:
    """The files of an alliance. All times are seconds since 1970."""

    path: Path

    def create(self, *, secret: bytes, at: int) -> Key:
        """Make the alliance's key, encrypted with `secret`, and a draft without members.

        Raises:
            AllianceError: the folder already holds an alliance.
        """
        if self._sealed.exists():
            raise AllianceError(f"{self.path} already holds an alliance.")
        self.path.mkdir(parents=True, exist_ok=True)
        self.write_draft({})
        key = self._make_key(self._sealed, secret=secret, at=at)
        self._write_keys([key])
        return key

    def prepare_key(self, *, secret: bytes, at: int) -> Key:
        """Make the next key and add it to the public keys.

        Verifiers must have the key before it signs, or they refuse the lists that it signs.

        Raises:
            AllianceError: there is a next key already, or the secret is not the current key's.
        """
        if self._next.exists():
            raise AllianceError("There already is a next key. Run switch-key to use it.")
        self._open(secret)
        known = self.keys()
        key = self._make_key(self._next, secret=secret, at=at)
        self._write_keys([*known, key])
        return key

    def switch_key(self, *, secret: bytes, at: int) -> Key:
        """Sign with the next key from now on.

        The old key stays public until the last list that it signed has expired, and a day longer.

        Raises:
            AllianceError: there is no next key, or the secret does not decrypt it.
        """
        if not self._next.exists():
            raise AllianceError("There is no next key. Run prepare-key to make it.")
        new = key_id(self._open(secret, self._next).public_key())
        ends_at = max(at, self.signed(at=at).expires_at or 0) + _OVERLAP_SECONDS
        keys = [
            key if key.kid == new or key.not_after else replace(key, not_after=ends_at)
            for key in self.keys()
        ]
        self._write_keys(keys)
        self._next.replace(self._sealed)
        return next(key for key in keys if key.kid == new)

    def keys(self) -> tuple[Key, ...]:
        """Read the alliance's public keys. Raises MalformedKey, AllianceError."""
        return parse_jwk_set(strict_json.without_mark(self._read("alliance.json")))

    def signed(self, *, at: int) -> Trust:
        """Read and verify the list last signed. Before the first, it is number 0 without members.

        Raises:
            NotTrusted, MalformedTrustList: the file is not this alliance's list.
        """
        if not (self.path / "trust.jws").exists():
            return _UNSIGNED
        return parse_trust_list(self._read("trust.jws"), self.keys(), at)

    def draft(self) -> Mapping[str, Issuer]:
        """Read the members of the draft, by name. Raises MalformedTrustList, AllianceError."""
        document = strict_json.without_mark(self._read("draft.json"))
        return read(strict_json.load(document, MalformedTrustList)).issuers

    def write_draft(self, issuers: Mapping[str, Issuer]) -> None:
        """Write the members of the draft. Raises MalformedTrustList."""
        document = describe(replace(_UNSIGNED, issuers=issuers))
        read(document)
        text = json.dumps(document, ensure_ascii=False, indent=2)
        write_public(self.path / "draft.json", text)

    def differences(self, *, at: int) -> Iterator[str]:
        """Describe how the draft differs from the list last signed, a line for each change."""
        return differences(self.signed(at=at), replace(_UNSIGNED, issuers=self.draft()))

    def sign(self, *, secret: bytes, at: int, until: int, published: bytes | None = None) -> Trust:
        """Sign the draft as the next list, valid from `at` until `until`, and write it.

        `published` is the list that verifiers have now. The last list in the folder must not be
        older.

        Raises:
            WentBackwards: `at` is before the last list, or the last list is older than `published`.
            AllianceError: the secret is wrong.
        """
        last = self.signed(at=at)
        if at < last.as_of:
            raise WentBackwards("this machine's clock shows a time before the list last signed")
        if published is not None:
            self._require_newest(last, parse_trust_list(published, self.keys(), at))
        trust = Trust(self.draft(), at, until, last.sequence + 1)
        private_key = self._open(secret)
        own = Key.of(private_key.public_key(), not_before=0)
        token = sign_trust_list(
            trust,
            kid=own.kid,
            algorithm=own.algorithm,
            signer=partial(sign_es256, private_key),
        )
        parse_trust_list(token, self.keys(), at, held=last)
        write_public(self.path / "trust.jws", token)
        return trust

    @property
    def _sealed(self) -> Path:
        return self.path / "alliance.pem"

    def _require_newest(self, last: Trust, published: Trust) -> None:
        """Refuse an old copy of the folder, because it would use a list number a second time."""
        if (last.sequence, last.as_of) < (published.sequence, published.as_of):
            raise WentBackwards(
                f"verifiers have list {published.sequence}, this folder only {last.sequence}"
            )

    @property
    def _next(self) -> Path:
        return self.path / "alliance-next.pem"

    def _make_key(self, path: Path, *, secret: bytes, at: int) -> Key:
        private_key = ec.generate_private_key(ec.SECP256R1())
        pem = private_key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(secret)
        )
        write_private(path, pem.decode())
        return Key.of(private_key.public_key(), not_before=at)

    def _write_keys(self, keys: Iterable[Key]) -> None:
        write_public(self.path / "alliance.json", json.dumps(jwk_set(keys), indent=2))

    def _open(self, secret: bytes, path: Path | None = None) -> ec.EllipticCurvePrivateKey:
        try:
            private_key = load_pem_private_key(self._read((path or self._sealed).name), secret)
        except ValueError as error:
            raise AllianceError("The secret does not decrypt the alliance's key.") from error
        if not isinstance(private_key, ec.EllipticCurvePrivateKey):
            raise AllianceError("The alliance's key is not an ES256 key.")
        return private_key

    def _read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError as error:
            raise AllianceError(
                f"There is no {name} in {self.path}. Run create to start an alliance."
            ) from error
