"""Make a resident with codes and a door that trusts them, in the city that this process uses."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from accounts.authentication import digest
from accounts.models import Account, Token
from accounts.selectors import person_for
from healthcode.codes import keys, services
from healthcode.core import Kind, decode
from healthcode.evidence.declarations import Declaration
from healthcode.residents.declarations.services import declare
from healthcode.tools.demo import logins, province
from healthcode.tools.synthetic_city.build import OFFICER
from verifier.doors import partitions

WELL = Declaration(symptoms=(), temperature=None, contact_with_case=False, stays=())


@dataclass(frozen=True, slots=True)
class Entrance:
    """Tokens of a resident and of a door's device, the resident's number, the issuer's key."""

    resident: str
    device: str
    person: int
    account: Account
    spki: bytes

    @classmethod
    def open(cls) -> "Entrance":
        """Make an entrance, with keys, lists, and a declaration without symptoms."""
        at = timezone.now()
        partitions.maintain(at=at)
        logins.make_staff(at=at, second=OFFICER)
        keys.make_key(starts=at, signs_for=timedelta(days=90))
        family = logins.family(random=Random(1))
        logins.make_roster([], family.values(), at=at)
        logins.make_family(family, at=at)
        logins.make_venue(at=at)
        tokens = logins.issue_tokens(at=at)
        province.open_doors(at=at)
        resident, person = tokens["resident"]["token"], tokens["resident"]["person"]
        account = Token.objects.select_related("account").get(digest=digest(resident)).account
        declare(account=account, person=person_for(account, person), declaration=WELL, at=at)
        (key,) = keys.published_keys(at=at)
        spki = key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return cls(resident, tokens["device"]["token"], person, account, spki)

    def codes(self, count: int) -> list[str]:
        """Make this many live codes now, each with its own signature."""
        at = timezone.now()
        return [
            services.issue_code(
                account=self.account, person_id=self.person, kind=Kind.LIVE, at=at
            ).code
            for _ in range(count)
        ]

    def scan(self, code: str) -> bytes:
        """Return the body of a scan with a new id."""
        return json.dumps({"id": str(uuid.uuid4()), "code": code}).encode()

    def signatures(self, codes: Sequence[str]) -> list[tuple[bytes, bytes]]:
        """Return the codes' signatures in DER, each with the bytes that it signs."""
        signed = [decode(code) for code in codes]
        return [(_in_der(one.signature), one.signed_bytes) for one in signed]


def _in_der(signature: bytes) -> bytes:
    """Convert a COSE signature, r || s, to the form that the library needs."""
    half = len(signature) // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    return encode_dss_signature(r, s)
