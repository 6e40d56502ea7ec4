"""Store the presences that sources report: where people were, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid
from accounts.models import Account, Person
from healthcode.areas.selectors import require_known
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
