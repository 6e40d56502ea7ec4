"""The sandbox's issuer, whose key is no secret: whoever has this source can sign as it.

That is safe because nobody recognises it. Issuers named `…-SPECIMEN` are left out wherever trust is
loaded, its status list has an address that never resolves (RFC 2606), and every code of it says on
its face that it is a specimen.
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
    """Whether an issuer of this name makes specimens, which count nowhere but in a sandbox."""
    return issuer.endswith(SUFFIX)


def sign(message: bytes) -> bytes:
    """The sandbox's ES256 signature as COSE carries it."""
    return cose.sign_es256(_KEY, message)


def sign_as_phone(message: bytes) -> bytes:
    """The same by the phone to which specimens are bound."""
    return cose.sign_es256(_PHONE, message)


def phone_key() -> bytes:
    """That phone's public key, as codes carry it: x and y."""
    point = _PHONE.public_key().public_numbers()
    return point.x.to_bytes(_COORDINATE_BYTES, "big") + point.y.to_bytes(_COORDINATE_BYTES, "big")


def key_set() -> Mapping[str, object]:
    """The sandbox's public key, as an issuer publishes its keys (JWK set)."""
    return core.jwk_set([KEY])


def status_list(*, at: int) -> bytes:
    """The sandbox's status list as of `at` (seconds since 1970), as an issuer publishes it."""
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
    """What a verifier in the sandbox knows: this issuer alone, as of `at`."""
    issuer = core.Issuer(NAME, (KEY,))
    listed = core.parse_status_list(status_list(at=at), (KEY,), at, uri=LIST_URI)
    return core.Trust(issuers={NAME: issuer}, as_of=at), core.Statuses.of([listed])
