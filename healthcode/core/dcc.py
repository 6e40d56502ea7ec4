"""Read and verify EU Digital COVID Certificates (text that begins with `HC1:`).

HCERT 1.0 is the format: the text is a COSE_Sign1, compressed with zlib and written in Base45. The
payload is a CWT, whose claim -260 contains the certificate (DCC schema 1.3). A certificate states a
vaccination, a test or a recovery, but no colour. So it does not let anybody in at a door; the
service only records what it states.

Thirty countries issue certificates, so this module accepts every encoding that the standards allow.
It verifies the signature first. Then it checks only the members that the service uses.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from healthcode.core import base45, cbor, cose, dcc_schema
from healthcode.core.document_signers import CertificateKey
from healthcode.core.errors import CoreError, MalformedCode
from healthcode.core.trust import Outcome
from healthcode.core.verdict import Door, Reason, Verdict, age, refused

CertificateReason: TypeAlias = Literal[
    Reason.UNKNOWN_ISSUER,
    Reason.UNKNOWN_KEY,
    Reason.BAD_SIGNATURE,
    Reason.NOT_YET_VALID,
    Reason.EXPIRED,
]
"""The reasons for not believing a certificate."""

PREFIX: Final = "HC1:"
MAX_CHARACTERS: Final = 4_296
"""The most that the largest QR picture holds (version 40 at level L)."""
MAX_BYTES: Final = 1 << 15
_EPOCH_TAG, _CWT_TAG = 1, 61
_ISS, _EXP, _IAT, _HCERT = 1, 4, 6, -260


@dataclass(frozen=True)
class Claims:
    """The claims around a certificate. Its content has not been checked against the schema.

    `issuer` is whom the certificate names as its issuer; the key shows who really signed it.
    """

    issuer: str | None
    issued_at: int
    expires_at: int
    content: Mapping[int | str, cbor.Value]


@dataclass(frozen=True)
class SignedCertificate:
    """A certificate as it was read, without verified signature."""

    claims: Claims
    kid: bytes
    message: cose.Sign1


class CertificateSigner(NamedTuple):
    """Who signed a certificate: the key, and the country that it belongs to."""

    country: str
    key: CertificateKey


def read(text: str) -> SignedCertificate:
    """Read an `HC1:` text, without verifying its signature. Raises MalformedCode."""
    try:
        message = parse_message(inflate(from_base45(unprefix(text))))
        return SignedCertificate(claims_of(message), kid_of(message), message)
    except MalformedCode:
        raise
    except CoreError as error:
        raise MalformedCode("not an EU certificate") from error


def unprefix(text: str) -> str:
    if not text.startswith(PREFIX) or len(text) > MAX_CHARACTERS:
        raise MalformedCode("not an EU certificate")
    return text[len(PREFIX) :]


def from_base45(text: str) -> bytes:
    try:
        return base45.decode(text)
    except ValueError as error:
        raise MalformedCode("not Base45") from error


def inflate(compressed: bytes) -> bytes:
    """Return the bytes of one whole zlib stream of at most 32 KiB."""
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(compressed, MAX_BYTES)
    except zlib.error as error:
        raise MalformedCode("not zlib") from error
    if not stream.eof or stream.unused_data:
        raise MalformedCode("not one whole zlib stream within the limit")
    return data


def parse_message(data: bytes) -> cose.Sign1:
    """Read the signed message, with or without the tag of a CWT around it."""
    tagged = cbor.decode(data)
    if isinstance(tagged, cbor.Tag) and tagged.number == _CWT_TAG:
        tagged = tagged.value
    return cose.from_value(tagged)


def kid_of(message: cose.Sign1) -> bytes:
    """Return the key id; HCERT 1.0, 3.3.2, prefers the protected one. Raises MalformedCode."""
    kid = message.headers.get(cose.KID, message.hints.get(cose.KID))
    if isinstance(kid, bytes):
        return kid
    raise MalformedCode("no key identifier")


def claims_of(message: cose.Sign1) -> Claims:
    """Return the claims of a message. Raises CoreError, also without times.

    A certificate without an end must not be valid for ever.
    """
    claims = cbor.decode(message.payload)
    if not isinstance(claims, dict):
        raise MalformedCode("not the claims of an EU certificate")
    match claims.get(_HCERT):
        case {1: dict() as content}:
            issuer = claims.get(_ISS)
            issued_at, expires_at = _seconds(claims.get(_IAT)), _seconds(claims.get(_EXP))
            return Claims(
                issuer if isinstance(issuer, str) else None, issued_at, expires_at, content
            )
        case _:
            raise MalformedCode("not the claims of an EU certificate")


def judge(signed: SignedCertificate, door: Door) -> Verdict:
    """Return the verdict at a door: genuine or not, a certificate has no colour, so refuse."""
    signer = signer_of(signed, door)
    if not isinstance(signer, CertificateSigner):
        return refused(signer, door)
    try:
        dcc_schema.check(signed.claims.content)
    except MalformedCode:
        return refused(Reason.MALFORMED, door)
    return Verdict(
        outcome=Outcome.REFUSE,
        reason=Reason.NOT_ADMITTED_HERE,
        code=None,
        age_seconds=age(signed.claims.issued_at, door.now),
        trust_age_seconds=age(door.trust.as_of, door.now),
        status_age_seconds=None,
    )


def signer_of(signed: SignedCertificate, door: Door) -> CertificateSigner | CertificateReason:
    """Return who signed the certificate, or why it cannot be believed.

    The certificate names an issuer, but the key decides, because some countries write no country
    there. The named issuer is used only in an error: it tells whether the country is unknown here,
    or only the key.
    """
    claims, issuers = signed.claims, door.trust.issuers
    named = [
        CertificateSigner(issuer.name, key)
        for issuer in issuers.values()
        for key in issuer.keys
        if isinstance(key, CertificateKey)
        and key.kid == signed.kid
        and key.in_force(issued_at=claims.issued_at, at=door.now)
    ]
    if not named:
        return Reason.UNKNOWN_KEY if claims.issuer in issuers else Reason.UNKNOWN_ISSUER
    kinds = dcc_schema.kinds_of(claims.content)
    for signer in named:
        if is_signed_by(signed.message, signer.key) and kinds <= signer.key.usages:
            return lapse(claims, door.now, door.rules.leeway_seconds) or signer
    return Reason.BAD_SIGNATURE


def is_signed_by(message: cose.Sign1, key: CertificateKey) -> bool:
    """Return whether this key signed the message, without regard to what the key may sign."""
    return key.algorithm is message.algorithm and cose.signature_holds(
        key.algorithm, key.public_key, message.signed_bytes, message.signature
    )


def lapse(claims: Claims, now: int, leeway_seconds: int) -> CertificateReason | None:
    if claims.issued_at - leeway_seconds > now:
        return Reason.NOT_YET_VALID
    if claims.expires_at + leeway_seconds <= now:
        return Reason.EXPIRED
    return None


def _seconds(value: cbor.Value) -> int:
    """Read a NumericDate, whole or a float, without a tag (RFC 8392, 2) or with one."""
    if isinstance(value, cbor.Tag) and value.number == _EPOCH_TAG:
        value = value.value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 40:
        return int(value)
    raise MalformedCode("a time is missing")
