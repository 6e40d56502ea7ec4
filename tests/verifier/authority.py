"""A province with real keys whose codes the tests scan. By default it is CN-33."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec

from healthcode import core
from healthcode.core.cose import sign_es256
from verifier.models import TrustedIssuer
from verifier.recognition.refresh import keep_keys, keep_status_list

LIST_SIZE = 1 << 12


def new_private_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Authority:
    """Signs codes and status lists, and knows where it publishes them."""

    name: str = "CN-33"
    base_url: str = "https://hz.example"
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=new_private_key)

    @property
    def list_uri(self) -> str:
        return f"{self.base_url}/s/20200209"

    @property
    def keys_uri(self) -> str:
        return f"{self.base_url}/.well-known/health-code/keys"

    @property
    def key(self) -> core.Key:
        return core.Key.of(self.private_key.public_key(), not_before=0)

    def signer(self, data: bytes) -> bytes:
        return sign_es256(self.private_key, data)

    def code(
        self,
        *,
        at: datetime,
        colour: core.Colour = core.Colour.GREEN,
        kind: core.Kind = core.Kind.LIVE,
        life: timedelta = timedelta(minutes=5),
        holder: str | None = "张*",
        idx: int = 7,
    ) -> str:
        issued_at = int(at.timestamp())
        content = core.HealthCode(
            issuer=self.name,
            issued_at=issued_at,
            expires_at=issued_at + int(life.total_seconds()),
            colour=colour,
            kind=kind,
            policy=1,
            holder=holder,
            status=core.StatusRef(idx=idx, uri=self.list_uri),
            phone_key=None,
        )
        return core.sign(
            content, kid=self.key.kid, algorithm=core.Algorithm.ES256, signer=self.signer
        )

    def keys(self) -> bytes:
        return json.dumps(core.jwk_set([self.key])).encode()

    def status_list(self, *, at: datetime, superseded: Iterable[int] = ()) -> bytes:
        return core.build_status_list(
            issuer=self.name,
            uri=self.list_uri,
            bits=core.status_bits(LIST_SIZE, superseded=superseded),
            issued_at=int(at.timestamp()),
            expires_at=int((at + timedelta(hours=2)).timestamp()),
            ttl_seconds=30,
            kid=self.key.kid,
            algorithm=core.Algorithm.ES256,
            signer=self.signer,
        )

    def is_trusted(self, *, at: datetime) -> TrustedIssuer:
        """Make this verifier trust the issuer, with its keys confirmed at `at`."""
        issuer, _created = TrustedIssuer.objects.update_or_create(
            name=self.name, defaults={"base_url": self.base_url}
        )
        keep_keys(self.name, uri=self.keys_uri, body=self.keys(), etag="", at=at)
        return issuer

    def publishes(self, *, at: datetime, superseded: Iterable[int] = ()) -> None:
        """Give the verifier a status list that was made at `at`."""
        body = self.status_list(at=at, superseded=superseded)
        keep_status_list(self.name, uri=self.list_uri, body=body, etag="", at=at)
