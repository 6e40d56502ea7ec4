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
from django.db import connection, transaction

from accounts.authority import province, require
from accounts.models import Account, Role
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.core import Issuer, Trust, document_signers
from healthcode.core.document_signers import CertificateKey, key_of
from healthcode.core.errors import MalformedKey
from healthcode.evidence.models import DocumentSigner

_COUNTRY: Final = re.compile("[A-Z]{2}")
# Two changes at once would each be measured against what the other is about to replace.
_ONE_AT_A_TIME: Final = "LOCK TABLE evidence_documentsigner IN SHARE ROW EXCLUSIVE MODE"
# Locked, so that a withdrawal waits for those who are just entering what the signer attested.
_COUNTING: Final = """
SELECT country, certificate FROM evidence_documentsigner
WHERE kid = %s AND withdrawn_by_id IS NULL ORDER BY id FOR SHARE
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


@dataclass(frozen=True, slots=True)
class SignersFile:
    """The signers in a file, each once, and a sentence for each entry that cannot be used."""

    signers: tuple[ListedSigner, ...]
    left_out: tuple[str, ...]


def read_file(pem: bytes, *, country: str | None = None) -> SignersFile:
    """The signers in a file of certificates in PEM.

    An entry that cannot be used takes none of the others away: hundreds of offices wrote them.

    Args:
        country: whose they all are; None where each certificate names its own.

    Raises:
        SignersError: it is no such file, is cut off, or holds no signer; it says why.
    """
    signers, left_out = {}, []
    try:
        for number, found in enumerate(document_signers.listed(pem), 1):
            try:
                signer = _signer(found, country)
                signers[signer.country, signer.digest] = signer
            except MalformedKey as why:
                left_out.append(f"Certificate {number} of the file is left out: {why}.")
    except MalformedKey as error:
        raise SignersError(f"The file {error}.") from error
    if not signers:
        raise SignersError(" ".join(["The file holds no signer that can be used.", *left_out]))
    return SignersFile(tuple(signers.values()), tuple(left_out))


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


def trust_in(kid: bytes, *, named: str | None, at: datetime) -> Trust:
    """What is trusted about the keys of this identifier, for the core to judge by.

    The country that a certificate names is among the issuers if any signer of it counts, so that
    the answer tells an unknown key from an unknown country.

    In the transaction of what is entered by it; until then nobody withdraws the key.
    """
    keys: dict[str, tuple[CertificateKey, ...]] = {}
    if named is not None and _COUNTRY.fullmatch(named):
        standing = DocumentSigner.objects.filter(country=named, withdrawn_by__isnull=True)
        if standing.exists():
            keys[named] = ()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTING, [kid])
        for country, der in cursor.fetchall():
            key = key_of(x509.load_der_x509_certificate(bytes(der)))
            keys[country] = (*keys.get(country, ()), key)
    issuers = {country: Issuer(country, of) for country, of in keys.items()}
    return Trust(issuers, int(at.timestamp()))


def require_authority(account: Account) -> None:
    """Let only an officer for the whole province of this issuer through. Raises Forbidden."""
    require(account, Role.OFFICER, province())


def _signer(found: x509.Certificate | MalformedKey, country: str | None) -> ListedSigner:
    """The signer of an entry. Raises MalformedKey."""
    if isinstance(found, MalformedKey):
        raise found
    named = document_signers.countries_of(found)
    if country is not None and named - {country}:
        other = ", ".join(sorted(named - {country}))
        raise MalformedKey(f"it is of another country: {other}")
    of = country or next(iter(named), "")
    if len(named) > 1 or not _COUNTRY.fullmatch(of):
        raise MalformedKey("it does not name one country")
    return ListedSigner(of, key_of(found), found.public_bytes(Encoding.DER))


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
