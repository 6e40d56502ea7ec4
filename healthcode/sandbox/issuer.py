"""The issuer of the sandbox, for tests. Its key is in this file, so everybody can sign with it.

This is safe, because no verifier trusts this issuer: trust is never loaded for an issuer named
`…-SPECIMEN`. The address of its status list never resolves (RFC 2606). In each of its codes, the
holder's name says that it is a specimen.
"""

from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from healthcode import core
from healthcode.core import cose

SUFFIX: Final = "-SPECIMEN"
NAME: Final = f"CN{SUFFIX}"
HOLDER: Final = "样本 SPECIMEN"
LIST_URI: Final = "https://specimen.invalid/s/1"
LIST_SIZE: Final = 4096
SUPERSEDED_IDX: Final = 8

_COORDINATE_BYTES: Final = 32
_KEY: Final = ec.derive_private_key(
    int.from_bytes(b"health code specimen, no secret!"), ec.SECP256R1()
)
_PHONE: Final = ec.derive_private_key(
    int.from_bytes(b"a specimen's phone, no secret..."), ec.SECP256R1()
)
KEY: Final = core.Key.of(_KEY.public_key(), not_before=0)


def is_specimen(issuer: str) -> bool:
    """Return whether an issuer of this name makes specimens, which count only in the sandbox."""
    return issuer.endswith(SUFFIX)


def sign(message: bytes) -> bytes:
    """Sign with the sandbox's key: ES256, in the form that COSE carries."""
    return cose.sign_es256(_KEY, message)


def sign_as_phone(message: bytes) -> bytes:
    """Sign with the key of the phone to which some specimens are bound."""
    return cose.sign_es256(_PHONE, message)


def phone_key() -> bytes:
    """Return that phone's public key as codes carry it: x and y, 32 bytes each."""
    point = _PHONE.public_key().public_numbers()
    return point.x.to_bytes(_COORDINATE_BYTES, "big") + point.y.to_bytes(_COORDINATE_BYTES, "big")


def key_set() -> Mapping[str, object]:
    """Return the sandbox's public key in an issuer's format (JWK set)."""
    return core.jwk_set([KEY])


def status_list(*, at: int) -> bytes:
    """Return the sandbox's status list at `at` (seconds since 1970), in an issuer's format."""
    return core.build_status_list(
        issuer=NAME,
        uri=LIST_URI,
        bits=core.status_bits(LIST_SIZE, superseded=[SUPERSEDED_IDX]),
        issued_at=at,
        expires_at=at + 7200,
        ttl_seconds=60,
        kid=KEY.kid,
        algorithm=core.Algorithm.ES256,
        signer=sign,
    )


def knowledge(*, at: int) -> tuple[core.Trust, core.Statuses]:
    """Return the trust and status data of a sandbox verifier at `at`: this issuer only."""
    issuer = core.Issuer(NAME, (KEY,))
    listed = core.parse_status_list(status_list(at=at), (KEY,), at, uri=LIST_URI)
    return core.Trust(issuers={NAME: issuer}, as_of=at), core.Statuses.of([listed])
