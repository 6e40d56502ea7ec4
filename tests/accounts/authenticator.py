"""An authenticator in software, and the browser around it, written from WebAuthn level 3.

It shows what a real one sends, and what a broken or hostile one could send.
"""

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from healthcode.core import cbor

USER_PRESENT, USER_VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SoftAuthenticator:
    """A security key with one passkey. Its fields are what a test can spoil."""

    origin: str = field(default_factory=lambda: str(settings.STAFF_URL))
    rp_id: str = ""
    flags: int = USER_PRESENT | USER_VERIFIED
    count: int = 0
    counts: bool = True
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user: bytes | None = None

    def make(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.create`, as JSON."""
        self.user = decoded(options["user"]["id"])
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id
        data = self._data(options["rp"]["id"], HAS_CREDENTIAL) + attested + cbor.encode(cose)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options)
        return self._sent(
            {"clientDataJSON": encoded(client), "attestationObject": encoded(attestation)}
        )

    def show(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.get`, as JSON."""
        data = self._data(options["rpId"], 0)
        client = self._client("webauthn.get", options)
        signed = data + hashlib.sha256(client).digest()
        answer = {
            "clientDataJSON": encoded(client),
            "authenticatorData": encoded(data),
            "signature": encoded(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
        }
        if self.user is not None:
            answer["userHandle"] = encoded(self.user)
        return self._sent(answer)

    def _data(self, rp_id: str, more: int) -> bytes:
        self.count += self.counts
        where = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return where + struct.pack(">BI", self.flags | more, self.count)

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        challenge = options["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _sent(self, response: dict[str, str]) -> str:
        own = encoded(self.credential_id)
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": response})
