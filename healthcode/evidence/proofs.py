"""Let people keep the proof of what a source reported about them."""

from typing import Final

from django.db import connection
from django.db.models import QuerySet

from accounts.merging import registrations_of
from healthcode.acts.errors import NotInTheLogYet
from healthcode.acts.log import tree
from healthcode.acts.log.errors import LogFault
from healthcode.acts.models import LogLeaf
from healthcode.acts.selectors import readable
from healthcode.core.errors import MalformedLog, ProofFails
from healthcode.core.log.batches import check_place, place_of
from healthcode.core.log.leaves import decode_leaf, record_digest
from healthcode.core.log.proofs import KeptProof
from healthcode.evidence.batches import digests_under, leaf_kind
from healthcode.evidence.digests import AS_FIRST_SENT, LINE
from healthcode.evidence.errors import NotAsReported
from healthcode.evidence.models import Evidence, SourceBatch
from healthcode.web.errors import NotFound

MOST_TOLD: Final = 200
_RECORD: Final = f"""
SELECT {LINE}
FROM (
    SELECT person_id AS person, kind, starts, starts_by, {AS_FIRST_SENT} AS ends, area_id AS area,
           traits, reference
    FROM evidence_evidence AS fact WHERE id = %s
) AS given
"""  # noqa: S608  constants


def reported_about(person_id: int) -> QuerySet[Evidence]:
    """Select what sources reported about a person, with a proof, the latest first.

    Withdrawn facts are there too. At most `MOST_TOLD`. Facts from before the public log have no
    proof and are not there.
    """
    facts = Evidence.objects.filter(person=person_id, batch__isnull=False)
    return facts.order_by("-received_at", "-pk")[:MOST_TOLD]


def proof_of_fact(person_id: int, evidence: int) -> KeptProof:
    """Return the proof of a reported fact for the person concerned, with the source's line.

    The fact may be about another registration that is merged with this one. It reads all digests of
    the report, 32 bytes for each line, and computes their tree.

    Raises:
        NotFound: no source reported such a fact about the person, or it did so before the log.
        NotAsReported: the stored fact is not what the source sent.
        NotInTheLogYet: no checkpoint contains the report yet.
        LogDamaged: rows of the log are missing.
    """
    own = Evidence.objects.filter(person__in=registrations_of(person_id))
    fact = own.filter(pk=evidence).first()
    if fact is None or fact.batch_id is None:
        raise NotFound
    with readable():
        proof = _proof_of(fact, fact.batch_id)
    if proof is None:
        raise NotInTheLogYet
    return proof


def _proof_of(fact: Evidence, report: int) -> KeptProof | None:
    """Return the proof; None before the log contains it. Raises LogFault or NotAsReported."""
    batch = SourceBatch.objects.filter(pk=report).first()
    kind = leaf_kind(batch) if batch else ""
    leaf = LogLeaf.objects.filter(kind=kind, number=report).first()
    if batch is None or leaf is None:
        raise LogFault(
            f"Report {report} of a source, or its leaf of the public log, is missing. "
            "Somebody has deleted rows: restore the database (docs/howto/backup.md)."
        )
    salt, record, digests = bytes(fact.salt or b""), _record_of(fact), digests_under(batch)
    try:
        place = place_of(digests.index(bytes.fromhex(record_digest(salt, record))), digests)
        check_place(decode_leaf(bytes(leaf.entry)), place, salt=salt, record=record)
    except (ValueError, MalformedLog, ProofFails) as error:
        raise NotAsReported from error
    return tree.proof_of_leaf(leaf, salt=salt, record=record, place=place)


def _record_of(fact: Evidence) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [fact.pk])
        (line,) = cursor.fetchone()
    return str(line).encode()
