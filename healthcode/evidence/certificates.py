"""Read EU Digital COVID Certificates and record what they attest as evidence.

The codes are from the EU's value sets: disease `tg` and test result `tr` (SNOMED CT), test type
`tt` (LOINC). The certificate itself is not kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from accounts import vault
from accounts.holder_match import Holder
from accounts.models import Account, Person
from healthcode.core import MalformedCode, Rules, Statuses, cbor, dcc, dcc_schema
from healthcode.core.dcc import CertificateSigner
from healthcode.core.dcc_schema import Statement
from healthcode.core.instants import read_date
from healthcode.core.verdict import Door, Reason
from healthcode.evidence import signers
from healthcode.evidence.errors import (
    CertificateKnown,
    CertificateRefused,
    CertificateSaysNothing,
    NotACertificate,
)
from healthcode.evidence.fields import EARLIEST
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import NewFact, record
from healthcode.evidence.traits import Trait
from healthcode.web import texts
from healthcode.web.days import day_of, span_of_day, start_of_day

COVID_19: Final = "840539006"
DETECTED: Final = "260373001"
NOT_DETECTED: Final = "260415000"
NUCLEIC_ACID: Final = "LP6464-4"
RAPID_ANTIGEN: Final = "LP217198-3"
_RESULTS: Final = {
    (NUCLEIC_ACID, DETECTED): Trait.POSITIVE,
    (RAPID_ANTIGEN, DETECTED): Trait.POSITIVE,
    (NUCLEIC_ACID, NOT_DETECTED): Trait.NEGATIVE,
    (RAPID_ANTIGEN, NOT_DETECTED): Trait.ANTIGEN_NEGATIVE,
}

# A prefix and a checksum around the identifier, which some issuers leave out (UVCI, annex 2).
_AROUND_UVCI: Final = re.compile(r"^URN:UVCI:|#.$")
# Mail and paper break a long text into lines. Spaces stay, because Base45 uses them.
_LINE_BREAKS: Final = re.compile(r"[\r\n\t]")

_Entry = Mapping[str, cbor.Value]


@dataclass(frozen=True, slots=True)
class Attested:
    """A fact that a genuine certificate attests, and the `holder` whom it names.

    `country` and `key` (hexadecimal) identify the signer. `digest` is a keyed digest of the
    certificate's identifier, by which the service recognises the certificate.
    """

    kind: EvidenceKind
    starts: datetime
    ends: datetime
    traits: tuple[str, ...]
    detail: Mapping[str, object]
    country: str
    key: str
    digest: bytes
    holder: Holder


def read(text: str, *, at: datetime) -> Attested:
    """Verify the signature and times of the EU certificate in `text`; return what it attests.

    Raises:
        NotACertificate: the text is not a certificate, or only a part of one.
        CertificateRefused: the certificate is not accepted now. `reason` says why.
        CertificateSaysNothing: the certificate is genuine, but its content cannot be used.
    """
    try:
        signed = dcc.read(_LINE_BREAKS.sub("", texts.trimmed(text)))
    except MalformedCode as error:
        raise NotACertificate from error
    trust = signers.trust_in(signed.kid, named=signed.claims.issuer, at=at)
    signer = dcc.signer_of(signed, Door(trust, Statuses(), Rules(), int(at.timestamp())))
    if not isinstance(signer, CertificateSigner):
        raise CertificateRefused(signer)
    try:
        statement = dcc_schema.check(signed.claims.content)
    except MalformedCode as error:
        raise CertificateSaysNothing from error
    return _attested(statement, signer, at)


def _attested(statement: Statement, signer: CertificateSigner, at: datetime) -> Attested:
    entry = statement.entry
    if entry["tg"] != COVID_19 or _is_ahead(statement.born, at):
        raise CertificateSaysNothing
    kind = EvidenceKind(statement.kind)
    try:
        starts, ends, traits, detail = _READERS[kind](entry, at)
    except (ValueError, OverflowError) as error:
        # A date that does not exist, or a time without its zone.
        raise CertificateSaysNothing from error
    if not EARLIEST <= starts <= at:
        raise CertificateSaysNothing
    return Attested(
        kind=kind,
        starts=starts,
        ends=ends,
        traits=traits,
        detail=detail,
        country=signer.country,
        key=signer.key.kid.hex(),
        digest=vault.index("certificate", signer.country, kind, _identifier(entry)),
        holder=_holder(statement),
    )


_Content = tuple[datetime, datetime, tuple[str, ...], Mapping[str, object]]


def _test(entry: _Entry, _at: datetime) -> _Content:
    sampled_at = datetime.fromisoformat(str(entry["sc"]))
    if sampled_at.tzinfo is None:
        raise ValueError("a time without its zone")
    result = _RESULTS.get((str(entry.get("tt")), str(entry.get("tr"))))
    if result is None:
        raise CertificateSaysNothing
    sampled_at = sampled_at.astimezone(UTC)
    return sampled_at, sampled_at, (result,), {}


def _vaccination(entry: _Entry, _at: datetime) -> _Content:
    starts, ends = span_of_day(_day(entry["dt"]))
    dose, of = entry["dn"], entry["sd"]
    is_complete = isinstance(dose, int) and isinstance(of, int) and dose >= of
    traits = (Trait.COMPLETE if is_complete else Trait.INCOMPLETE,)
    return starts, ends, traits, {"dose": dose, "of": of}


def _recovery(entry: _Entry, at: datetime) -> _Content:
    """Read a recovery: from the first positive test to the day from which it is valid."""
    tested, recovered, until = (_day(entry[name]) for name in ("fr", "df", "du"))
    today = day_of(at)
    if today < recovered:
        raise CertificateRefused(Reason.NOT_YET_VALID)
    if until < today:
        raise CertificateRefused(Reason.EXPIRED)
    # The hour of the test is unknown. If both are the same day, the period lasts until its end.
    starts, tested_by = span_of_day(tested)
    return starts, max(tested_by, start_of_day(recovered)), (), {}


# A certificate states exactly one of these three (DCC schema 1.3).
_READERS: Final = {
    EvidenceKind.TEST: _test,
    EvidenceKind.RECOVERY: _recovery,
    EvidenceKind.VACCINATION: _vaccination,
}
ATTESTABLE: Final = tuple(_READERS)


def _day(value: cbor.Value) -> date:
    """Read a date; some issuers write a time after it, which is ignored."""
    return read_date(str(value)[:10])


def _identifier(entry: _Entry) -> str:
    """Return the unique certificate identifier in one spelling, whatever the issuer wrote."""
    return _AROUND_UVCI.sub("", str(entry["ci"]).upper())


def _is_ahead(born: str, at: datetime) -> bool:
    """Return whether a birth date is in the future; it may be only a year, or year and month."""
    day = born[:10]
    return day > day_of(at).isoformat()[: len(day)]


def _holder(statement: Statement) -> Holder:
    def part(member: str) -> str:
        value = statement.name.get(member)
        return value if isinstance(value, str) else ""

    return Holder(
        family=part("fn"),
        given=part("gn"),
        family_latin=part("fnt"),
        given_latin=part("gnt"),
        born=statement.born,
    )


@dataclass(frozen=True, slots=True)
class Entered:
    """What a certificate attested, and the number of the evidence in which it is stored."""

    evidence: int
    attested: Attested


def record_attested(
    *, source: Account, person: Person, attested: Attested, known_by: str, at: datetime
) -> Entered:
    """Record what a certificate attests about `person`, in the caller's transaction.

    Raises:
        CertificateKnown: the certificate was handed in before.
    """
    fact = NewFact(
        person=person.pk,
        kind=attested.kind,
        starts=attested.starts,
        ends=attested.ends,
        traits=attested.traits,
        detail={
            **attested.detail,
            "country": attested.country,
            "key": attested.key,
            "holder_known_by": known_by,
        },
        certificate=attested.digest,
    )
    (evidence,) = record(source=source, facts=[fact], at=at).ids
    if evidence is None:
        raise CertificateKnown
    return Entered(evidence, attested)
