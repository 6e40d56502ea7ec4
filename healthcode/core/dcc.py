"""EU Digital COVID Certificates (`HC1:`), read and verified for what they attest.

HCERT 1.0: Base45 of zlib of a COSE_Sign1 over a CWT whose claim -260 holds the certificate (DCC
schema 1.3). They state a vaccination, a test or a recovery, no colour: at a door they admit
nobody, but what they attest can be entered as evidence. More is read than of our own codes
(other CBOR lengths, times as floats), because 30 countries wrote them.
"""

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from healthcode.core import base45, cbor, cose, dcc_schema
from healthcode.core.cose import Algorithm
from healthcode.core.dcc_schema import Statement
from healthcode.core.errors import CoreError, MalformedCode, MalformedKey
from healthcode.core.keys import KID_BYTES, Key
from healthcode.core.trust import Issuer, Outcome
from healthcode.core.verdict import Door, Reason, Verdict, age

Doubt: TypeAlias = Literal[
    Reason.UNKNOWN_ISSUER,
    Reason.UNKNOWN_KEY,
    Reason.BAD_SIGNATURE,
    Reason.NOT_YET_VALID,
    Reason.EXPIRED,
]
"""The reasons for which a certificate is not believed."""

PREFIX: Final = "HC1:"
MAX_CHARACTERS: Final = 4_296
"""All that the largest QR picture holds (version 40 at level L)."""
MAX_BYTES: Final = 1 << 15
_CWT_TAG: Final = 61
_ISS, _EXP, _IAT, _HCERT = 1, 4, 6, -260

# HCERT 1.0, 3.3.3; the second arc is the one that most issuers put into their certificates.
_ARCS: Final = ("1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1.")
_USAGES: Final = {"1": "test", "2": "vaccination", "3": "recovery"}
_EMPTY_EKU: Final = bytes.fromhex("0603551d2504023000")
"""An extended key usage of no purposes. X.509 forbids it, HCERT calls it unrestricted."""


@dataclass(frozen=True)
class Claims:
    """The claims around a certificate, its content not yet held against the schema."""

    country: str
    issued_at: int
    expires_at: int
    content: Mapping[int | str, cbor.Value]


@dataclass(frozen=True)
class SignedCertificate:
    """A certificate as it was read, its signature not verified."""

    claims: Claims
    statement: Statement
    kid: bytes
    message: cose.Sign1


@dataclass(frozen=True)
class CertificateKey(Key):
    """The key of a document signing certificate, and what it may sign; everything by default."""

    usages: frozenset[str] = frozenset(_USAGES.values())


def read(text: str) -> SignedCertificate:
    """The content of an `HC1:` text, its signature not verified. Raises MalformedCode."""
    try:
        message = parse_message(inflate(from_base45(unprefix(text))))
        claims = claims_of(message)
        return SignedCertificate(claims, dcc_schema.check(claims.content), kid_of(message), message)
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
    """The bytes of one whole zlib stream of at most 32 KiB."""
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(compressed, MAX_BYTES)
    except zlib.error as error:
        raise MalformedCode("not zlib") from error
    if not stream.eof or stream.unused_data:
        raise MalformedCode("not one whole zlib stream within the limit")
    return data


def parse_message(data: bytes) -> cose.Sign1:
    """The signed message, with or without the tag of a CWT around it."""
    tagged = cbor.decode(data)
    if isinstance(tagged, cbor.Tag) and tagged.number == _CWT_TAG:
        tagged = tagged.value
    return cose.from_value(tagged)


def kid_of(message: cose.Sign1) -> bytes:
    """The key identifier; HCERT 1.0, 3.3.2 prefers the protected one. Raises MalformedCode."""
    kid = message.headers.get(cose.KID, message.hints.get(cose.KID))
    if isinstance(kid, bytes):
        return kid
    raise MalformedCode("no key identifier")


def claims_of(message: cose.Sign1) -> Claims:
    """The claims of a message. Raises CoreError: also without times, for that is not for ever."""
    claims = cbor.decode(message.payload)
    if not isinstance(claims, dict):
        raise MalformedCode("not the claims of an EU certificate")
    match claims.get(_ISS), claims.get(_HCERT):
        case str() as country, {1: dict() as content}:
            issued_at, expires_at = _seconds(claims.get(_IAT)), _seconds(claims.get(_EXP))
            return Claims(country, issued_at, expires_at, content)
        case _:
            raise MalformedCode("not the claims of an EU certificate")


def key_of(certificate: x509.Certificate) -> CertificateKey:
    """The key of a document signing certificate. Raises MalformedKey for kinds not in use."""
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    public_key = certificate.public_key()
    match public_key:
        case ec.EllipticCurvePublicKey():
            algorithm = Algorithm.ES256
        case rsa.RSAPublicKey():
            algorithm = Algorithm.PS256
        case _:
            raise MalformedKey("certificates are signed with EC or RSA keys")
    return CertificateKey(
        kid=digest[:KID_BYTES],
        public_key=public_key,
        algorithm=algorithm,
        not_before=int(certificate.not_valid_before_utc.timestamp()),
        not_after=int(certificate.not_valid_after_utc.timestamp()),
        usages=_usages(certificate),
    )


def issuers(pem: bytes) -> Mapping[str, Issuer]:
    """The issuers by country of a bundle of document signing certificates in PEM.

    Raises MalformedKey.
    """
    try:
        certificates = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise MalformedKey("not certificates in PEM") from error
    keys: dict[str, list[Key]] = {}
    for certificate in certificates:
        for country in certificate.subject.get_attributes_for_oid(x509.NameOID.COUNTRY_NAME):
            keys.setdefault(str(country.value), []).append(key_of(certificate))
    return {country: Issuer(country, tuple(found)) for country, found in keys.items()}


def judge(signed: SignedCertificate, door: Door) -> Verdict:
    """The verdict at a door: genuine or not, a certificate is no colour and admits nobody."""
    doubt = doubt_of(signed, door)
    return Verdict(
        outcome=Outcome.REFUSE,
        reason=doubt or Reason.NOT_ADMITTED_HERE,
        code=None,
        age_seconds=None if doubt else age(signed.claims.issued_at, door.now),
        trust_age_seconds=age(door.trust.as_of, door.now),
        status_age_seconds=None,
    )


def doubt_of(signed: SignedCertificate, door: Door) -> Doubt | None:
    """Why what the certificate states cannot be believed, or None when it can."""
    issuer = door.trust.issuers.get(signed.claims.country)
    if issuer is None:
        return Reason.UNKNOWN_ISSUER
    keys = [
        key
        for key in issuer.keys
        if key.kid == signed.kid and key.in_force(issued_at=signed.claims.issued_at, at=door.now)
    ]
    if not keys:
        return Reason.UNKNOWN_KEY
    if not is_signed_by(signed.message, keys, signed.statement.kind):
        return Reason.BAD_SIGNATURE
    return lapse(signed.claims, door.now, door.rules.leeway_seconds)


def is_signed_by(message: cose.Sign1, keys: Iterable[Key], kind: str) -> bool:
    """Whether one of these keys signed the message, and may sign statements of this kind."""
    return any(
        key.algorithm is message.algorithm
        and (not isinstance(key, CertificateKey) or kind in key.usages)
        and cose.signature_holds(
            key.algorithm, key.public_key, message.signed_bytes, message.signature
        )
        for key in keys
    )


def lapse(claims: Claims, now: int, leeway_seconds: int) -> Doubt | None:
    if claims.issued_at - leeway_seconds > now:
        return Reason.NOT_YET_VALID
    if claims.expires_at + leeway_seconds <= now:
        return Reason.EXPIRED
    return None


def _seconds(value: cbor.Value) -> int:
    """A NumericDate, which some issuers write as a float."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 40:
        return int(value)
    raise MalformedCode("a time is missing")


def _usages(certificate: x509.Certificate) -> frozenset[str]:
    if _EMPTY_EKU in certificate.tbs_certificate_bytes:
        return CertificateKey.usages
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return CertificateKey.usages
    except ValueError as error:
        raise MalformedKey("certificate has extensions that cannot be read") from error
    named = {
        usage
        for purpose in purposes
        for number, usage in _USAGES.items()
        if purpose.dotted_string in {arc + number for arc in _ARCS}
    }
    # Purposes that are not about certificates, a server's say, restrict nothing here.
    return frozenset(named) or CertificateKey.usages
