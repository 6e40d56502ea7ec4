"""Store the presences that sources report: where people were, and when."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid
from accounts.models import Account, Person
from healthcode.areas.selectors import require_known
from healthcode.core.log.leaves import SALT_BYTES, canonical
from healthcode.evidence import batches
from healthcode.evidence.models import ReportKind
from healthcode.sources.grants import require_presences
from healthcode.tracing.kinds import PlaceKind
from healthcode.tracing.models import Membership, Place
from healthcode.tracing.recording import (
    NewPresence,
    record_memberships,
    record_presences,
    reported_places,
)


@dataclass(frozen=True, slots=True)
class PresenceReport:
    """A line: a person was at a place, which the source calls `place`.

    docs/reference/tracing.md explains the members.
    """

    person: int
    place: str
    kind: PlaceKind
    name: str
    area: str
    starts: datetime
    ends: datetime | None
    sure: bool
    carriage: int | None
    row: int | None


@transaction.atomic
def report_presences(*, source: Account, reports: Sequence[PresenceReport], at: datetime) -> None:
    """Store all lines, or none. A line sent again can only add an end that has become known.

    The report is a leaf of the public log, with one digest of all its lines.

    Raises:
        OutsideYourGrant: the source's grant does not cover them.
        InvalidInput: a person does not exist.
        UnknownArea: an area does not exist.
    """
    people = {report.person for report in reports}
    known = set(Person.objects.filter(pk__in=people).values_list("pk", flat=True))
    for number, report in enumerate(reports):
        if report.person not in known:
            raise invalid(f"/presences/{number}/person", _("There is no such person."))
    areas = {report.area for report in reports if report.area}
    require_known(areas)
    require_presences(source, areas, at=at)
    places = reported_places(
        source=source,
        places=[
            Place(kind=report.kind, reference=report.place, name=report.name, area=report.area)
            for report in reports
        ],
    )
    located = [(places[report.kind, report.place], report) for report in reports]
    record_memberships(
        {
            (place, report.person, report.starts): Membership(
                place_id=place, person_id=report.person, starts=report.starts, ends=report.ends
            )
            for place, report in located
            if report.kind is PlaceKind.HOUSEHOLD
        }.values()
    )
    record_presences(
        [
            NewPresence(
                person=report.person,
                place=place,
                kind=report.kind,
                starts=report.starts,
                ends=report.ends,
                sure=report.sure,
                carriage=report.carriage,
                seat_row=report.row,
            )
            for place, report in located
            if report.kind is not PlaceKind.HOUSEHOLD
        ]
    )
    _record_batch(source, reports, at)


def _record_batch(source: Account, reports: Sequence[PresenceReport], at: datetime) -> None:
    salt = secrets.token_bytes(SALT_BYTES)
    batches.record_batch(
        number=batches.next_batch(),
        source=source,
        kind=ReportKind.PRESENCES,
        counts=batches.BatchCounts(recorded=len(reports), known=0, held=0, refused=0),
        people=len({report.person for report in reports}),
        digests={0: hashlib.sha256(salt + presences_record(reports)).digest()},
        salt=salt,
        at=at,
    )


def presences_record(reports: Sequence[PresenceReport]) -> bytes:
    """Return what the digest of a report stands for: its lines, in their order."""
    return canonical([_line(report) for report in reports])


def _line(report: PresenceReport) -> dict[str, object]:
    return {
        "area": report.area,
        "carriage": report.carriage,
        "ends": None if report.ends is None else _utc(report.ends),
        "kind": report.kind.value,
        "name": report.name,
        "person": report.person,
        "place": report.place,
        "row": report.row,
        "starts": _utc(report.starts),
        "sure": report.sure,
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
