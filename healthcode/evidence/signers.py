"""Whose signatures on EU certificates are believed here: the document signers, by country.

They come from a file, such as the list that the EU's gateway gives its members, and enter as an
officer's act once somebody has seen what changes. docs/howto/eu-certificates.md shows how.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import connection, transaction

from accounts.authority import require
from accounts.models import Account, Role
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.core import Issuer, Trust
from healthcode.core.dcc import CertificateKey, key_of
from healthcode.core.errors import MalformedKey
from healthcode.evidence.models import DocumentSigner

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_COUNTRY: Final = re.compile("[A-Z]{2}")
# Two changes at once would each be measured against what the other is about to replace.
_ONE_AT_A_TIME: Final = "LOCK TABLE evidence_documentsigner IN SHARE ROW EXCLUSIVE MODE"
# Locked, so that a withdrawal waits for those who are just entering what the signer attested.
_COUNTING: Final = """
SELECT certificate FROM evidence_documentsigner
WHERE country = %s AND kid = %s AND withdrawn_by_id IS NULL FOR SHARE
"""


class SignersError(Exception):
    """What cannot be done with the document signers; the message is the sentence to print."""


@dataclass(frozen=True, slots=True)
class ListedSigner:
    """A signer as it stands in a file; its key says from when until when, and for what."""

    country: str
    key: CertificateKey
    der: bytes

    @property
    def kid(self) -> bytes:
        """What EU certificates call it by."""
        return self.key.kid

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the certificate."""
        return hashlib.sha256(self.der).digest()

    @property
    def not_after(self) -> datetime:
        """When nothing that it signed counts any more."""
        return datetime.fromtimestamp(self.key.not_after or 0, UTC)


@dataclass(frozen=True, slots=True)
class SignersDifference:
    """What a file changes. `missing` are those that count now and are not in it.

    `withdrawn` are in the file and were withdrawn here before; `over` those whose time had ended.
    """

    added: tuple[ListedSigner, ...]
    missing: tuple[DocumentSigner, ...]
    withdrawn: tuple[ListedSigner, ...]
    over: int

    @property
    def as_shown(self) -> tuple[frozenset[bytes], frozenset[int]]:
        """What two differences agree in when they would write the same."""
        return (
            frozenset(signer.digest for signer in self.added),
            frozenset(signer.pk for signer in self.missing),
        )


def read_file(pem: bytes, *, country: str | None = None) -> list[ListedSigner]:
    """The signers in a file of certificates in PEM, each once.

    Args:
        country: whose they all are; None where each certificate names its own.

    Raises:
        SignersError: there are none, or one of them cannot be used; it says which.
    """
    try:
        certificates = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise SignersError("The file holds no certificates in PEM, or a damaged one.") from error
    if len(certificates) != pem.count(_BEGIN):
        raise SignersError("The file holds a damaged certificate.")
    signers = [_signer(n, found, country) for n, found in enumerate(certificates, 1)]
    return list({(signer.country, signer.digest): signer for signer in signers}.values())


def difference(
    signers: Sequence[ListedSigner],
    *,
    country: str | None,
    restore: Collection[bytes] = (),
    at: datetime,
) -> SignersDifference:
    """What `signers`, as the whole list (of `country`, or of all), change in what counts at `at`.

    Args:
        restore: key identifiers of withdrawn signers that count again.
    """
    given = {(signer.country, signer.digest): signer for signer in signers if signer.not_after > at}
    rows = DocumentSigner.objects.filter(**({"country": country} if country else {}))
    counting, withdrawn = {}, set()
    for row in rows.order_by("country", "pk"):
        if row.withdrawn_by_id is None:
            counting[row.country, bytes(row.digest)] = row
        else:
            withdrawn.add((row.country, bytes(row.digest)))
    new = {key: signer for key, signer in given.items() if key not in counting}
    kept_out = {k for k, signer in new.items() if k in withdrawn and signer.kid not in restore}
    return SignersDifference(
        added=tuple(signer for key, signer in new.items() if key not in kept_out),
        missing=tuple(
            row for key, row in counting.items() if key not in given and row.not_after > at
        ),
        withdrawn=tuple(new[key] for key in sorted(kept_out)),
        over=len(signers) - len(given),
    )


@transaction.atomic
def change(
    *,
    account: Account,
    signers: Sequence[ListedSigner],
    country: str | None,
    restore: Collection[bytes] = (),
    shown: SignersDifference,
    drop: bool,
    ground: str,
    at: datetime,
) -> Act:
    """Write what `shown` says of the file, as an officer's act.

    Args:
        shown: the difference that somebody has agreed to.
        drop: whether what is missing in the file is withdrawn; else it goes on counting.

    Raises:
        Forbidden: the account is no officer for the province of this issuer.
        SignersError: meanwhile the difference is another.
    """
    require_authority(account)
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)
    found = difference(signers, country=country, restore=restore, at=at)
    if found.as_shown != shown.as_shown:
        raise SignersError("Somebody changed the signers just now. Look at the difference again.")
    missing = found.missing if drop else ()
    act = record_act(
        account=account,
        kind=ActKind.SIGNERS_CHANGED,
        area=province(),
        ground=ground,
        detail={
            "added": [f"{signer.country} {signer.kid.hex()}" for signer in found.added],
            "withdrawn": [f"{row.country} {bytes(row.kid).hex()}" for row in missing],
        },
        at=at,
    )
    DocumentSigner.objects.bulk_create(_row(signer, act) for signer in found.added)
    DocumentSigner.objects.filter(pk__in=[row.pk for row in missing]).update(withdrawn_by=act)
    return act


def withdraw(*, kid: bytes, act: Act) -> int:
    """Let nothing count any more that the signers of this key identifier sign; how many."""
    standing = DocumentSigner.objects.filter(kid=kid, withdrawn_by__isnull=True)
    return standing.update(withdrawn_by=act)


def trust_in(country: str, kid: bytes, *, at: datetime) -> Trust:
    """What is trusted about a country's key of this identifier, for the core to judge by.

    In the transaction of what is entered by it; until then nobody withdraws the key.
    """
    now = int(at.timestamp())
    if not _COUNTRY.fullmatch(country):
        return Trust({}, now)
    standing = DocumentSigner.objects.filter(country=country, withdrawn_by__isnull=True)
    if not standing.exists():
        return Trust({}, now)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTING, [country, kid])
        ders = [bytes(der) for (der,) in cursor.fetchall()]
    keys = tuple(key_of(x509.load_der_x509_certificate(der)) for der in ders)
    return Trust({country: Issuer(country, keys)}, now)


def require_authority(account: Account) -> None:
    """Let only an officer for the whole province of this issuer through. Raises Forbidden."""
    require(account, Role.OFFICER, province())


def province() -> str:
    """The province of this issuer, which is named CN- and its code (docs/format.md)."""
    return settings.ISSUER.removeprefix("CN-")


def _signer(number: int, certificate: x509.Certificate, country: str | None) -> ListedSigner:
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.COUNTRY_NAME)
    named = {str(attribute.value) for attribute in found}
    if country is not None and named - {country}:
        other = ", ".join(sorted(named - {country}))
        raise SignersError(f"Certificate {number} of the file is of another country: {other}.")
    of = country or next(iter(named), "")
    if len(named) > 1 or not _COUNTRY.fullmatch(of):
        raise SignersError(f"Certificate {number} of the file does not name one country.")
    try:
        key = key_of(certificate)
    except (MalformedKey, ValueError) as error:
        raise SignersError(f"Certificate {number} of the file ({of}): {error}.") from error
    return ListedSigner(of, key, certificate.public_bytes(Encoding.DER))


def _row(signer: ListedSigner, act: Act) -> DocumentSigner:
    return DocumentSigner(
        country=signer.country,
        kid=signer.kid,
        digest=signer.digest,
        certificate=signer.der,
        not_before=datetime.fromtimestamp(signer.key.not_before, UTC),
        not_after=signer.not_after,
        added_by=act,
    )
