"""Store the presences that sources report: where people were, and when."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid
from accounts.models import Account
from healthcode.areas.selectors import require_known
from healthcode.core.log.leaves import SALT_BYTES, canonical
from healthcode.evidence import batches
from healthcode.evidence.models import ReportKind
from healthcode.sources.grants import area_of, require_presences
from healthcode.sources.holders import NamedBy, people_of
from healthcode.tracing.kinds import PlaceKind
from healthcode.tracing.models import Membership, Place
from healthcode.tracing.recording import (
    NewPresence,
    record_memberships,
    record_presences,
    reported_places,
)

_NO_DOCUMENT: Final = _("No such document can exist. Check it for typing errors.")


@dataclass(frozen=True, slots=True)
class PresenceReport:
    """A line: a person was at a place, which the source calls `place`.

    `holder` is the person's number, or the type and number of their document.
    docs/reference/tracing.md explains the other members.
    """

    holder: NamedBy
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

    Whoever is named by a document that nobody has registered waits from now on. The report is a
    leaf of the public log, with one digest of all its lines. The number of queries does not depend
    on the number of lines.

    Raises:
        OutsideYourGrant: the source's grant does not cover them.
        InvalidInput: a person does not exist, or a document cannot exist.
        UnknownArea: an area does not exist.
    """
    areas = {report.area for report in reports if report.area}
    require_known(areas)
    require_presences(source, areas, at=at)
    located = _located(reports, _people(source, reports, at), _places(source, reports))
    record_memberships(
        {
            (one.place, one.person, one.report.starts): Membership(
                place_id=one.place,
                person_id=one.person,
                starts=one.report.starts,
                ends=one.report.ends,
            )
            for one in located
            if one.report.kind is PlaceKind.HOUSEHOLD
        }.values()
    )
    record_presences(
        [_presence(one) for one in located if one.report.kind is not PlaceKind.HOUSEHOLD]
    )
    _record_batch(source, located, at)


@dataclass(frozen=True, slots=True)
class LocatedPresence:
    """A line whose person and place are known, by their numbers."""

    report: PresenceReport
    person: int
    place: int


def _people(
    source: Account, reports: Sequence[PresenceReport], at: datetime
) -> Mapping[NamedBy, int]:
    """Return the person of each line. Raises InvalidInput, see `report_presences`."""
    home = area_of(source, ReportKind.PRESENCES, at=at)
    people = people_of({report.holder for report in reports}, home=home, at=at)
    for number, report in enumerate(reports):
        if report.holder not in people:
            by_number = isinstance(report.holder, int)
            raise invalid(
                f"/presences/{number}/{'person' if by_number else 'id_number'}",
                _("There is no such person.") if by_number else _NO_DOCUMENT,
            )
    return people


def _places(
    source: Account, reports: Sequence[PresenceReport]
) -> Mapping[tuple[PlaceKind, str], int]:
    named = [
        Place(kind=report.kind, reference=report.place, name=report.name, area=report.area)
        for report in reports
    ]
    return reported_places(source=source, places=named)


def _located(
    reports: Sequence[PresenceReport],
    people: Mapping[NamedBy, int],
    places: Mapping[tuple[PlaceKind, str], int],
) -> list[LocatedPresence]:
    return [
        LocatedPresence(report, people[report.holder], places[report.kind, report.place])
        for report in reports
    ]


def _presence(one: LocatedPresence) -> NewPresence:
    report = one.report
    return NewPresence(
        person=one.person,
        place=one.place,
        kind=report.kind,
        starts=report.starts,
        ends=report.ends,
        sure=report.sure,
        carriage=report.carriage,
        seat_row=report.row,
    )


def _record_batch(source: Account, located: Sequence[LocatedPresence], at: datetime) -> None:
    salt = secrets.token_bytes(SALT_BYTES)
    batches.record_batch(
        number=batches.next_batch(),
        source=source,
        kind=ReportKind.PRESENCES,
        counts=batches.BatchCounts(recorded=len(located), known=0, held=0, refused=0),
        people=len({one.person for one in located}),
        digests={0: hashlib.sha256(salt + presences_record(located)).digest()},
        salt=salt,
        at=at,
    )


def presences_record(located: Sequence[LocatedPresence]) -> bytes:
    """Return what the digest of a report stands for: its lines, in their order.

    People stand in it by their numbers, so a document is not in the record.
    """
    return canonical([_line(one) for one in located])


def _line(one: LocatedPresence) -> dict[str, object]:
    report = one.report
    return {
        "area": report.area,
        "carriage": report.carriage,
        "ends": None if report.ends is None else _utc(report.ends),
        "kind": report.kind.value,
        "name": report.name,
        "person": one.person,
        "place": report.place,
        "row": report.row,
        "starts": _utc(report.starts),
        "sure": report.sure,
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
