"""A health ministry for the tests, with a document signer; it makes EU certificates."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import call_command

from healthcode.core import document_signers
from healthcode.evidence.certificates import (
    COVID_19,
    DETECTED,
    NOT_DETECTED,
    NUCLEIC_ACID,
    RAPID_ANTIGEN,
)
from tests.acts import SENT_GROUND
from tests.core.forge import NamedKey, canonical, text_of

ERIKA = {"fnt": "MUSTERMANN", "gnt": "ERIKA", "fn": "Mustermann", "gn": "Erika"}
BORN = "1964-08-12"
TESTS_ONLY = "1.3.6.1.4.1.1847.2021.1.1"


@dataclass(frozen=True)
class Ministry:
    """A ministry of one country with one key, for all kinds or only for `usages` (OIDs)."""

    country: str = "DE"
    name: str = "ministry"
    usages: tuple[str, ...] = ()
    names_country: bool = True
    lasts: timedelta = timedelta(days=700)

    @cached_property
    def signer(self) -> NamedKey:
        return NamedKey(f"{self.name} {self.country}")

    @cached_property
    def certificate(self) -> x509.Certificate:
        private_key = self.signer.private_key
        assert isinstance(private_key, ec.EllipticCurvePrivateKey)
        attributes = [x509.NameAttribute(x509.NameOID.COMMON_NAME, "DSC")]
        if self.names_country:
            attributes.append(x509.NameAttribute(x509.NameOID.COUNTRY_NAME, self.country))
        name, now = x509.Name(attributes), datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private_key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=800))
            .not_valid_after(now + self.lasts)
        )
        if self.usages:
            purposes = [x509.ObjectIdentifier(usage) for usage in self.usages]
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        return builder.sign(private_key, SHA256())

    @property
    def kid(self) -> bytes:
        return document_signers.key_of(self.certificate).kid

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def attest(
        self,
        kind: str,
        entry: dict[str, Any],
        *,
        name: dict[str, Any] = ERIKA,
        born: Any = BORN,
        compress: Callable[[bytes], bytes] = zlib.compress,
        lasts: timedelta = timedelta(days=30),
        **claims: Any,
    ) -> str:
        """Return the text of a certificate issued a minute ago; `claim_1` etc. replace claims."""
        now = int(datetime.now(UTC).timestamp())
        common = {"tg": COVID_19, "co": self.country, "is": "Ministry", "ci": "URN:UVCI:01DE/A#W"}
        content = {"ver": "1.3.0", "nam": name, "dob": born, kind: [{**common, **entry}]}
        said: dict[int, Any] = {
            1: self.country,
            4: now - 60 + int(lasts.total_seconds()),
            6: now - 60,
            -260: {1: content},
        }
        said |= {int(name.removeprefix("claim_")): value for name, value in claims.items()}
        payload, header = canonical(said), canonical({1: -7, 4: self.kid})
        signature = self.signer(canonical(["Signature1", header, b"", payload]))
        return text_of(compress(b"\xd2" + canonical([header, {}, payload, signature])), "HC1:")

    def test(
        self,
        sampled_at: datetime,
        *,
        is_positive: bool = False,
        is_rapid: bool = False,
        ci: str = "URN:UVCI:01DE/TEST1#W",
        **options: Any,
    ) -> str:
        """Return a certificate of a test."""
        entry = {
            "tt": RAPID_ANTIGEN if is_rapid else NUCLEIC_ACID,
            "tr": DETECTED if is_positive else NOT_DETECTED,
            "sc": sampled_at.isoformat(timespec="seconds"),
            "ci": ci,
        }
        return self.attest("t", entry, **options)

    def vaccination(self, day: str, *, dose: int = 2, of: int = 2, **options: Any) -> str:
        """Return a certificate of a vaccination."""
        entry = {"vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215", "dt": day}
        return self.attest("v", {**entry, "dn": dose, "sd": of, "ci": "01DE/VACC"}, **options)

    def recovery(self, tested: str, recovered: str, until: str, **options: Any) -> str:
        """Return a certificate of a recovery."""
        entry = {"fr": tested, "df": recovered, "du": until, "ci": "01DE/RECOVERY"}
        return self.attest("r", entry, **options)


GERMANY = Ministry("DE")


def trust(folder: Path, *ministries: Ministry, officer: str = "officer", **options: Any) -> None:
    """Make only the signers of these ministries count."""
    bundle = folder / "signers.pem"
    bundle.write_bytes(b"".join(ministry.pem for ministry in ministries))
    call_command(
        "load_document_signers", str(bundle), officer=officer, **SENT_GROUND, yes=True, **options
    )
