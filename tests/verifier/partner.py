"""A partner's system: it has a key, signs assertions and asks for tokens."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN = "/api/v1/oauth/token"


def new_key(kid: str = "2026") -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


@dataclass
class PartnerMachine:
    """Jiangsu's gateway by default."""

    name: str = "cn-32"
    key: ECKey | RSAKey | OctKey = field(default_factory=new_key)

    def public_keys(self) -> bytes:
        return json.dumps(KeySet([self.key]).as_dict(private=False)).encode()

    def assertion(self, *, at: datetime, alg: str = "ES256", **claims: Any) -> str:
        """Sign an assertion at `at`. `claims` replace the correct ones; None removes one."""
        right = {
            "iss": self.name,
            "sub": self.name,
            "aud": settings.BASE_URL,
            "iat": int(at.timestamp()),
            "exp": int(at.timestamp()) + 300,
            "jti": str(uuid.uuid4()),
        }
        kept = {name: value for name, value in (right | claims).items() if value is not None}
        return jwt.encode({"alg": alg, "kid": self.key.kid}, kept, self.key, algorithms=[alg])

    def asks(self, *, assertion: str, **form: str) -> Any:
        """Ask the token endpoint and return its answer."""
        right = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return Client(headers={"Accept-Language": "en"}).post(
            TOKEN, urlencode(right | form), content_type="application/x-www-form-urlencoded"
        )
