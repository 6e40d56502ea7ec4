"""Scans hold no person; the issuer's permutation leads from them to the contacts of a case."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from healthcode.codes import keys
from healthcode.codes.status_lists import editions, indexes
from healthcode.colours.decide_many import recompute_people
from healthcode.evidence.models import EvidenceKind
from healthcode.scan_tracing import inquiries
from healthcode.scan_tracing.scans import ResolvedScan, visits_of
from healthcode.tracing import services
from healthcode.tracing.kinds import MEASURES, VENUES, PlaceKind
from healthcode.tracing.models import Inquiry, Presence
from healthcode.tracing.selectors import chain_of
from healthcode.web.days import day_of
from tests.acts import GROUND
from tests.colours import world
from tests.colours.world import shanghai
from verifier.doors.partitions import maintain
from verifier.models import Device, Scan, Venue, VenueKind

pytestmark = pytest.mark.clock

LUNCH = shanghai(3, 3, 12)
CONFIRMED = shanghai(3, 8, 9)
NOW = shanghai(3, 8, 12)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def venue(db: None) -> Venue:
    """Create a restaurant with devices at the entrance and exit, and status lists for each day."""
    keys.keyring.forget()
    indexes.known_parts.forget()
    world.publish()
    keys.make_key(starts=shanghai(1, 1), signs_for=timedelta(days=90))
    maintain(at=NOW)
    for day in range(20):
        editions.publish(at=shanghai(2, 19) + timedelta(days=day))
    manager = Account.objects.create(username="manager")
    venue = Venue.objects.create(
        name="望湖楼", area="330106", manager=manager, kind=VenueKind.RESTAURANT
    )
    Device.objects.create(venue=venue, label="door")
    Device.objects.create(venue=venue, label="exit", at_exit=True)
    return venue


def residents(number: int, home: str = "330106") -> list[int]:
    """Create people who have had a colour, and so codes, since February."""
    people = world.people(number, home=home)
    recompute_people(people, at=shanghai(2, 1))
    return people


def scan(
    venue: Venue,
    person: int,
    at: datetime,
    *,
    leaving: bool = False,
    code_of: datetime | None = None,
    changes: int = 0,
    reason: str = "ok",
    issuer: str = settings.ISSUER,
) -> None:
    """Store the scan of a code that was made for `person` at `code_of`."""
    reference = indexes.reference(person=person, changes=changes, at=code_of or at)
    assert reference is not None
    Scan.objects.create(
        day=day_of(at),
        id=uuid4(),
        venue=venue,
        device=Device.objects.get(venue=venue, at_exit=leaving),
        scanned_at=at,
        received_at=at,
        outcome="refuse" if reason == "expired" else "pass",
        reason=reason,
        issuer=issuer,
        status_uri=reference.uri,
        status_idx=reference.idx,
        code_digest=bytes(32),
    )


def inquire(case: int) -> Inquiry:
    officer = world.officer("33")
    fact = world.fact(case, EvidenceKind.CASE, CONFIRMED, None, "confirmed", source=officer)
    return services.open_inquiry(
        account=officer,
        evidence_id=fact.pk,
        infectious_from=None,
        infectious_until=None,
        ground=GROUND,
        at=NOW,
    )


def test_those_who_were_scanned_beside_the_case_are_found(venue: Venue) -> None:
    case, beside_it, friend, later, next_day = residents(5)
    scan(venue, case, LUNCH)
    scan(venue, case, LUNCH + 40 * MINUTE, leaving=True)
    scan(venue, beside_it, LUNCH + 20 * MINUTE)
    scan(venue, later, LUNCH + 45 * MINUTE)
    scan(venue, next_day, LUNCH + timedelta(days=1))
    # Two days later the contact eats with a friend, who shows a card printed a week before.
    scan(venue, beside_it, LUNCH + timedelta(days=2))
    scan(venue, friend, LUNCH + timedelta(days=2), code_of=LUNCH - timedelta(days=7))
    inquiry = inquire(case)

    assert inquiries.place_waiting(at=NOW) == 1

    inquiry.refresh_from_db()
    assert inquiry.placed_at == NOW
    chain = chain_of(inquiry)
    (met,) = chain.contacts
    assert (met.person, met.strength, met.name) == (beside_it, "close", "望湖楼")
    # The case's exit was scanned after forty minutes; otherwise an hour would be assumed.
    assert (met.starts, met.ends) == (LUNCH + 20 * MINUTE, LUNCH + 40 * MINUTE)
    # Somebody who came after the case had left met only the contact.
    second = {(other.of, other.encounter.person) for other in chain.secondary}
    assert second == {(beside_it, friend), (beside_it, later)}


def test_only_whom_an_inquiry_needs_is_ever_resolved(venue: Venue) -> None:
    case, stranger = residents(2)
    scan(venue, stranger, LUNCH)
    scan(venue, case, LUNCH + timedelta(days=1))
    assert not Presence.objects.exists()

    inquiries.place(inquire(case).pk, at=NOW)

    assert set(Presence.objects.values_list("person", flat=True)) == {case}


def test_a_code_is_its_holders_through_changes_of_colour(venue: Venue) -> None:
    case, other = residents(2)
    world.fact(other, EvidenceKind.TEST, shanghai(3, 4), shanghai(3, 4), "positive")
    scan(venue, case, LUNCH)
    scan(venue, other, LUNCH)
    recompute_people([other], at=shanghai(3, 4))
    after = LUNCH + timedelta(days=2)
    scan(venue, other, after, changes=1)
    scan(venue, case, after)

    inquiry = inquire(other)
    inquiries.place(inquiry.pk, at=NOW)

    (met,) = chain_of(inquiry).contacts
    assert (met.person, met.times, met.starts) == (case, 2, after)


@pytest.mark.parametrize(
    ("reason", "issuer", "strengths"),
    [
        ("superseded", settings.ISSUER, ["close"]),
        ("expired", settings.ISSUER, ["doubtful"]),
        ("bad_signature", settings.ISSUER, []),
        ("ok", "CN-31", []),
    ],
)
def test_a_scan_counts_for_what_it_shows(
    venue: Venue, reason: str, issuer: str, strengths: list[str]
) -> None:
    case, other = residents(2, home="330203")
    scan(venue, case, LUNCH)
    scan(venue, other, LUNCH, reason=reason, issuer=issuer)
    inquiry = inquire(case)

    inquiries.place(inquiry.pk, at=NOW)

    assert [met.strength for met in chain_of(inquiry).contacts] == strengths


def test_placing_twice_changes_nothing(venue: Venue) -> None:
    case, other = residents(2)
    scan(venue, case, LUNCH)
    scan(venue, other, LUNCH)
    inquiry = inquire(case)
    assert inquiries.place(inquiry.pk, at=NOW)
    assert len(chain_of(inquiry).contacts) == 1
    first = set(Presence.objects.values_list("person", "starts", "ends", "sure"))

    assert not inquiries.place(inquiry.pk, at=NOW)
    Inquiry.objects.update(placed_at=None)
    assert inquiries.place(inquiry.pk, at=NOW)

    assert set(Presence.objects.values_list("person", "starts", "ends", "sure")) == first


def test_resolving_takes_the_same_queries_for_many_as_for_one(venue: Venue) -> None:
    people = residents(20)
    for person in people:
        scan(venue, person, LUNCH)
    inquiry = inquire(people[0])

    with CaptureQueriesContext(connection) as queries:
        inquiries.place(inquiry.pk, at=NOW)

    assert len(queries) < 30
    assert len(chain_of(inquiry).contacts) == 19


@pytest.mark.parametrize(
    ("marks", "visits"),
    [
        (["in 0"], [(0, None)]),
        (["in 0", "out 30"], [(0, 30)]),
        (["in 0", "in 90", "out 120"], [(0, None), (90, 120)]),
        (["out 100"], [(40, 100)]),
        (["in 0", "out 500"], [(0, None), (440, 500)]),
        (["in 0", "out 10", "in 20"], [(0, 10), (20, None)]),
    ],
)
def test_entries_and_exits_make_visits(
    marks: list[str], visits: list[tuple[int, int | None]]
) -> None:
    seen = [
        ResolvedScan(1, 1, LUNCH + int(minute) * MINUTE, way == "out", sure=True)
        for way, minute in (mark.split() for mark in marks)
    ]

    found_visits = visits_of(reversed(seen), PlaceKind.RESTAURANT)

    assert [
        ((starts - LUNCH) // MINUTE, None if ends is None else (ends - LUNCH) // MINUTE)
        for starts, ends, _sure in found_visits
    ] == visits
    assert MEASURES[PlaceKind.RESTAURANT].dwell == 60 * MINUTE


def test_venues_and_tracing_speak_of_the_same_kinds() -> None:
    assert set(VenueKind.values) == {kind.value for kind in VENUES}
