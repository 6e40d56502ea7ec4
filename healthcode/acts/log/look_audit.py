"""Compare looks with their digests, and the digests with the leaves of the public log."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, OuterRef

from healthcode.acts.kinds import ActKind
from healthcode.acts.log.entries import minute_of
from healthcode.acts.log.findings import LogFinding, LogFindingKind
from healthcode.acts.log.looks import KEPT_FOR, KIND, look_digest
from healthcode.acts.models import Act, LogLeaf, LookDigest, PersonLook
from healthcode.core.errors import MalformedLog
from healthcode.core.log.batches import root_of
from healthcode.core.log.leaves import decode_leaf, people


def looks_of_leaves(leaves: Iterable[LogLeaf], *, at: datetime) -> Iterator[LogFinding]:
    """Yield what contradicts those of these leaves that stand for looks."""
    found = {leaf.pk: leaf for leaf in leaves if leaf.kind == KIND}
    digests: dict[int, list[LookDigest]] = {number: [] for number in found}
    for row in LookDigest.objects.filter(leaf__in=found).order_by("leaf", "place"):
        digests[row.leaf_id or 0].append(row)
    for number, rows in digests.items():
        if not _is_leaf_of(found[number], rows):
            yield LogFinding(LogFindingKind.LOOKS_EDITED, found[number].number)
    yield from _looks_of([row for rows in digests.values() for row in rows], at=at)


def looks_without_leaf(*, at: datetime) -> Iterator[LogFinding]:
    """Yield what contradicts the looks that have no leaf yet, and each look without a digest."""
    yield from _looks_of(list(LookDigest.objects.filter(leaf=None).order_by("look")), at=at)
    digest = LookDigest.objects.filter(look=OuterRef("pk"))
    unknown = PersonLook.objects.filter(~Exists(digest), salt__isnull=False)
    for number in unknown.order_by("pk").values_list("pk", flat=True):
        yield LogFinding(LogFindingKind.LOOK_NOT_LOGGED, number)


def _looks_of(
    rows: Collection[LookDigest] | models.QuerySet[LookDigest], *, at: datetime
) -> Iterator[LogFinding]:
    looks = PersonLook.objects.in_bulk([row.look for row in rows])
    gone = [row for row in rows if row.look not in looks]
    forgotten = _forgotten(gone, at=at) if gone else set()
    for row in rows:
        look = looks.get(row.look)
        if look and look_digest(look) != bytes(row.digest):
            yield LogFinding(LogFindingKind.LOOK_EDITED, row.look)
        if look is None and row.look not in forgotten:
            yield LogFinding(LogFindingKind.LOOK_MISSING, row.look)


def _is_leaf_of(row: LogLeaf, digests: list[LookDigest]) -> bool:
    """Return whether a leaf says what these digests give; each names the hour and area of it."""
    try:
        leaf = decode_leaf(bytes(row.entry))
    except MalformedLog:
        return True  # which is a finding about the leaf
    return (
        leaf.digest == root_of([bytes(one.digest) for one in digests]).hex()
        and leaf.people == people(len(digests))
        and all((one.area, minute_of(one.hour)) == (leaf.area, leaf.minute) for one in digests)
    )


def _forgotten(gone: Collection[LookDigest], *, at: datetime) -> set[int]:
    """Return the numbers of the looks that were deleted by rule.

    Their time was over, or an act says so, which is a leaf of its own: the erasure of the person,
    or the end of the service.
    """
    acts = Act.objects.filter(pk__in={row.erased_by_id for row in gone}, kind=ActKind.PERSON_ERASED)
    erasures = dict(acts.values_list("pk", "at"))
    ended = Act.objects.filter(kind=ActKind.SERVICE_ENDED).aggregate(last=models.Max("at"))["last"]
    return {
        row.look
        for row in gone
        if row.hour < at - KEPT_FOR + timedelta(hours=1)
        or (row.erased_by_id in erasures and row.hour <= erasures[row.erased_by_id])
        or (ended and row.hour <= ended)
    }
