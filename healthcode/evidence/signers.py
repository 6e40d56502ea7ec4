"""Document signers: the trusted keys, by country, that sign EU certificates.

The keys come from a file, such as the list of the EU's gateway. An officer first sees what the file
changes, and then stores the changes. docs/howto/eu-certificates.md shows how.
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
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.core import Issuer, Trust, document_signers
from healthcode.core.document_signers import CertificateKey, key_of
from healthcode.core.errors import MalformedKey
from healthcode.evidence.models import DocumentSigner

_COUNTRY: Final = re.compile("[A-Z]{2}")
# Of two changes at once, each would be compared with signers that the other is replacing.
_ONE_AT_A_TIME: Final = "LOCK TABLE evidence_documentsigner IN SHARE ROW EXCLUSIVE MODE"
# FOR SHARE: a withdrawal of the signer waits until everybody who uses this key has committed.
_COUNTING: Final = """
SELECT country, certificate FROM evidence_documentsigner
WHERE kid = %s AND withdrawn_by_id IS NULL ORDER BY id FOR SHARE
"""


class SignersError(Exception):
    """A change of document signers is not possible; commands print the message."""


@dataclass(frozen=True, slots=True)
class ListedSigner:
    """A signer in a file; its key says from when to when it is valid, and for what."""

    country: str
    key: CertificateKey
    der: bytes

    @property
    def kid(self) -> bytes:
        """Return the key identifier by which EU certificates name the signer."""
        return self.key.kid

    @property
    def digest(self) -> bytes:
        """Return the SHA-256 of the signer's certificate."""
        return hashlib.sha256(self.der).digest()

    @property
    def not_after(self) -> datetime:
        """Return the instant from which nothing that it signed is accepted any more."""
        return datetime.fromtimestamp(self.key.not_after or 0, UTC)


@dataclass(frozen=True, slots=True)
class SignersDifference:
    """What a file would change.

    `added` are new. `missing` count now but are not in the file. `withdrawn` are in the file but
    were withdrawn here before. `expired` is the number of signers in the file that have expired.
    """

    added: tuple[ListedSigner, ...]
    missing: tuple[DocumentSigner, ...]
    withdrawn: tuple[ListedSigner, ...]
    expired: int

    @property
    def changes(self) -> tuple[frozenset[bytes], frozenset[int]]:
        """Return what would be written; it is equal for two differences that write the same."""
        return (
            frozenset(signer.digest for signer in self.added),
            frozenset(signer.pk for signer in self.missing),
        )


@dataclass(frozen=True, slots=True)
class SignersFile:
    """The signers in a file, each once, with a sentence for each entry that cannot be used."""

    signers: tuple[ListedSigner, ...]
    left_out: tuple[str, ...]


def read_file(pem: bytes, *, country: str | None = None) -> SignersFile:
    """Read the signers of EU certificates from a file in PEM.

    An entry that cannot be used is left out, and the other entries count: hundreds of offices write
    the entries, so some have mistakes.

    Args:
        country: the country of all signers, or None if each certificate names its own.

    Raises:
        SignersError: this is not a PEM file, it is cut off, or it has no usable signer.
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
        raise SignersError(" ".join(["The file has no signer that can be used.", *left_out]))
    return SignersFile(tuple(signers.values()), tuple(left_out))


def difference(
    signers: Sequence[ListedSigner],
    *,
    country: str | None,
    restore: Collection[bytes] = (),
    at: datetime,
) -> SignersDifference:
    """Compare `signers` with the signers that count at `at`.

    Args:
        signers: the complete list, of `country` or of all countries.
        restore: key identifiers of withdrawn signers that shall count again.
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
        expired=len(signers) - len(given),
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
    ground: Ground,
    at: datetime,
) -> Act:
    """Change the trusted signers of EU certificates, exactly as an officer has agreed to.

    The service also records who changed the signers and why (an act).

    Args:
        shown: the difference that the officer has seen, between the file and the stored list.
        drop: whether to withdraw signers that are missing in the file; otherwise they stay.

    Raises:
        Forbidden: the account is not an officer for the whole province of this issuer.
        SignersError: the difference has changed since the officer saw it.
    """
    require_authority(account)
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)
    found = difference(signers, country=country, restore=restore, at=at)
    if found.changes != shown.changes:
        raise SignersError("Somebody else has just changed the signers. Run the command again.")
    missing = found.missing if drop else ()
    act = record_act(
        account=account,
        role=Role.OFFICER,
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


def lock(kid: bytes) -> None:
    """Wait for everybody who enters a certificate of this signer, and let nobody enter another."""
    list(DocumentSigner.objects.select_for_update().filter(kid=kid).values_list("pk"))


def is_trusted(kid: bytes) -> bool:
    """Return whether a signer with this key identifier counts."""
    return DocumentSigner.objects.filter(kid=kid, withdrawn_by__isnull=True).exists()


def withdraw(*, kid: bytes, act: Act) -> int:
    """Withdraw all signers with this key identifier; return how many there were."""
    counting = DocumentSigner.objects.filter(kid=kid, withdrawn_by__isnull=True)
    return counting.update(withdrawn_by=act)


def trust_in(kid: bytes, *, named: str | None, at: datetime) -> Trust:
    """Return the trusted keys with the key identifier `kid`, to verify an EU certificate.

    `named` is the country that the certificate names. If this country has any trusted signer, the
    country is in the result, even without a key. So the caller can tell an unknown key from an
    unknown country.

    Call this in the transaction that records the evidence: until the transaction ends, nobody can
    withdraw the signer.
    """
    keys: dict[str, tuple[CertificateKey, ...]] = {}
    if named is not None and _COUNTRY.fullmatch(named):
        counting = DocumentSigner.objects.filter(country=named, withdrawn_by__isnull=True)
        if counting.exists():
            keys[named] = ()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTING, [kid])
        for country, der in cursor.fetchall():
            key = key_of(x509.load_der_x509_certificate(bytes(der)))
            keys[country] = (*keys.get(country, ()), key)
    issuers = {country: Issuer(country, of) for country, of in keys.items()}
    return Trust(issuers, int(at.timestamp()))


def require_authority(account: Account) -> None:
    """Check that the account is an officer for the whole province of this issuer.

    Raises:
        Forbidden: it is not.
    """
    require(account, Role.OFFICER, province())


def _signer(found: x509.Certificate | MalformedKey, country: str | None) -> ListedSigner:
    """Return the signer of an entry.

    Raises:
        MalformedKey: the entry cannot be used; the message says why.
    """
    if isinstance(found, MalformedKey):
        raise found
    named = document_signers.countries_of(found)
    if country is not None and named - {country}:
        other = ", ".join(sorted(named - {country}))
        raise MalformedKey(f"it belongs to another country: {other}")
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
