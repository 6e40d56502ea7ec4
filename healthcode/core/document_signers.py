"""Read document signers: the certificates whose keys sign EU certificates.

Only the necessary parts of an X.509 certificate are read, so that an extension with an unusual
encoding does not cost us a key. Lists come from others, so each entry is read by itself.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from cryptography import x509
from cryptography.hazmat.asn1 import (
    TLV,
    BitString,
    Default,
    Explicit,
    Implicit,
    decode_der,
    encode_der,
    sequence,
)
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from healthcode.core.cose import Algorithm
from healthcode.core.errors import MalformedKey
from healthcode.core.keys import KID_BYTES, Key
from healthcode.core.trust import Issuer

# HCERT 1.0, 3.3.3. Most issuers put the second arc into their certificates.
_ARCS: Final = ("1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1.")
_USAGES: Final = {"1": "test", "2": "vaccination", "3": "recovery"}
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_BLOCK: Final = re.compile(_BEGIN + rb"[^-]*-----END CERTIFICATE-----")


@sequence
class _Extension:
    oid: x509.ObjectIdentifier
    critical: Annotated[bool, Default(False)]
    value: bytes


@sequence
class _Certified:
    """What an issuer of certificates signs (RFC 5280, 4.1), read up to the extensions."""

    version: Annotated[int | None, Explicit(0)]
    serial: TLV
    signature: TLV
    issuer: TLV
    validity: TLV
    subject: TLV
    public_key: TLV
    issuer_id: Annotated[BitString | None, Implicit(1)]
    subject_id: Annotated[BitString | None, Implicit(2)]
    extensions: Annotated[list[_Extension] | None, Explicit(3)]


# The library reads only records, so a list of purposes is wrapped in one.
@sequence
class _Inside:
    value: TLV


@sequence
class _Purposes:
    purposes: list[x509.ObjectIdentifier]


@dataclass(frozen=True)
class CertificateKey(Key):
    """A document signer's key and what it may sign; by default everything."""

    usages: frozenset[str] = frozenset(_USAGES.values())


def key_of(certificate: x509.Certificate) -> CertificateKey:
    """Return a document signer's key. Raises MalformedKey for a kind of key that is not in use."""
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    try:
        public_key = certificate.public_key()
        not_before = int(certificate.not_valid_before_utc.timestamp())
        not_after = int(certificate.not_valid_after_utc.timestamp())
    except ValueError as error:
        raise MalformedKey("its key or its times cannot be read") from error
    match public_key:
        case ec.EllipticCurvePublicKey():
            algorithm = Algorithm.ES256
        case rsa.RSAPublicKey():
            algorithm = Algorithm.PS256
        case _:
            raise MalformedKey("certificates are signed with EC or RSA keys")
    kid, usages = digest[:KID_BYTES], _usages(certificate)
    return CertificateKey(kid, public_key, algorithm, not_before, not_after, usages)


def countries_of(certificate: x509.Certificate) -> frozenset[str]:
    """Return the countries that a certificate names for its subject. Raises MalformedKey."""
    try:
        found = certificate.subject.get_attributes_for_oid(x509.NameOID.COUNTRY_NAME)
    except ValueError as error:
        raise MalformedKey("its subject cannot be read") from error
    return frozenset(str(attribute.value) for attribute in found)


def listed(pem: bytes) -> Iterator[x509.Certificate | MalformedKey]:
    """Yield the certificates of a list in PEM, or what is wrong with one, in their order.

    Raises MalformedKey if it is not a list, or if it ends within a certificate, because then other
    certificates may be missing too.
    """
    blocks = _BLOCK.findall(pem)
    if not blocks:
        raise MalformedKey("holds no certificates in PEM, or a damaged one")
    if len(blocks) != pem.count(_BEGIN):
        raise MalformedKey("holds a damaged certificate, and may lack others")
    for block in blocks:
        try:
            yield x509.load_pem_x509_certificate(block)
        except ValueError:
            yield MalformedKey("it is damaged")


def issuers(pem: bytes) -> tuple[Mapping[str, Issuer], tuple[str, ...]]:
    """Return the issuers of a list in PEM by country, and a sentence for each entry left out.

    Raises MalformedKey.
    """
    keys: dict[str, list[Key]] = {}
    left_out = []
    for number, certificate in enumerate(listed(pem), 1):
        try:
            if isinstance(certificate, MalformedKey):
                raise certificate
            key, countries = key_of(certificate), countries_of(certificate)
            if not countries:
                raise MalformedKey("it names no country")
            for country in countries:
                keys.setdefault(country, []).append(key)
        except MalformedKey as why:
            left_out.append(f"certificate {number} is left out: {why}")
    found = {country: Issuer(country, tuple(of)) for country, of in keys.items()}
    return found, tuple(left_out)


def _usages(certificate: x509.Certificate) -> frozenset[str]:
    """Return what the extended key usage allows, whatever form the other extensions have."""
    try:
        certified = decode_der(_Certified, certificate.tbs_certificate_bytes)
        oid = x509.ExtendedKeyUsage.oid
        found = [each.value for each in certified.extensions or () if each.oid == oid]
        lists = [_purposes(value) for value in found]
    except ValueError as error:
        raise MalformedKey("its key usage cannot be read") from error
    if len(lists) > 1:
        raise MalformedKey("it has two key usages")
    numbers = {
        number
        for purposes in lists
        for purpose in purposes
        for number in _USAGES
        if purpose.dotted_string in {arc + number for arc in _ARCS}
    }
    # An empty list of purposes (X.509 forbids it, HCERT calls it unrestricted) restricts nothing
    # here. Nor do purposes that have nothing to do with certificates, such as a server's.
    return frozenset(_USAGES[number] for number in numbers) or CertificateKey.usages


def _purposes(value: bytes) -> list[x509.ObjectIdentifier]:
    return decode_der(_Purposes, encode_der(_Inside(value=decode_der(TLV, value)))).purposes
