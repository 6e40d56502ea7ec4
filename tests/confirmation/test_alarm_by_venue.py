"""Contacts whom several officers confirm, and who were all at one venue, count together."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Account
from healthcode.acts.alarm_models import Alarm, AlarmBy
from healthcode.acts.models import Proposal
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import Recomputation, ReddenedBy
from healthcode.evidence.models import EvidenceKind
from healthcode.tracing.kinds import PlaceKind
from healthcode.tracing.models import Inquiry, Place
from healthcode.tracing.recording import NewPresence, record_presences
from healthcode.tracing.services import confirm, open_inquiry, preview
from tests.acts import GROUND
from tests.colours import world
from tests.confirmation.conftest import NOON, PLACE, Office, recolour

HOUR = timedelta(hours=1)


@pytest.fixture
def watched(db: None) -> Office:
    """The shipped policy with its alarm: more than five people within an hour."""
    world.publish(world.DEFAULT_TEXT)
    return Office()


def venue(kind: PlaceKind = PlaceKind.RESTAURANT) -> Place:
    return Place.objects.create(kind=kind, name="望湖楼", area=PLACE)


def inquiry(office: Office, guests: int, place: Place, *, by: Account, days: int = 1) -> Inquiry:
    """Open an inquiry on a case who met so many people at a place, so many days ago."""
    case, *others = world.people(guests + 1, home=PLACE)
    fact = world.fact(case, EvidenceKind.CASE, office.at - HOUR, None, "confirmed")
    recompute_people([case, *others], at=office.at)
    starts = office.at - timedelta(days=days)
    record_presences(
        [
            NewPresence(who, place.pk, PlaceKind(place.kind), starts, starts + HOUR, sure=True)
            for who in (case, *others)
        ]
    )
    opened = open_inquiry(
        account=by,
        evidence_id=fact.pk,
        infectious_from=None,
        infectious_until=None,
        ground=GROUND,
        at=office.at,
    )
    Inquiry.objects.filter(pk=opened.pk).update(placed_at=office.at)
    return Inquiry.objects.get(pk=opened.pk)


def confirmed(office: Office, found: Inquiry, *, by: Account) -> Any:
    fingerprint = preview(found, at=office.at).fingerprint
    return confirm(
        account=by, inquiry_id=found.pk, ground=GROUND, fingerprint=fingerprint, at=office.at
    )


def test_two_officers_at_one_venue_count_together(watched: Office) -> None:
    place = venue()
    first = inquiry(watched, 3, place, by=watched.li, days=1)
    assert isinstance(confirmed(watched, first, by=watched.li), Recomputation)
    assert list(ReddenedBy.objects.values_list("by", "number", "people")) == [
        (AlarmBy.VENUE, place.pk, 3)
    ]
    second = inquiry(watched, 3, place, by=watched.zhou, days=3)
    waiting = confirmed(watched, second, by=watched.zhou)
    assert isinstance(waiting, Proposal)
    assert waiting.is_alarm
    alarm = Alarm.objects.get()
    assert (alarm.by, alarm.number, alarm.area, alarm.people) == ("venue", place.pk, PLACE, 6)
    assert alarm.proposal == waiting


def test_two_venues_do_not_count_together(watched: Office) -> None:
    for officer in (watched.li, watched.zhou):
        found = inquiry(watched, 3, venue(), by=officer)
        assert isinstance(confirmed(watched, found, by=officer), Recomputation)
    assert not Alarm.objects.exists()


def test_after_an_hour_a_venue_begins_anew(watched: Office) -> None:
    place = venue()
    first = inquiry(watched, 3, place, by=watched.li, days=1)
    confirmed(watched, first, by=watched.li)
    recolour(at=watched.at)
    watched.at += HOUR
    second = inquiry(watched, 3, place, by=watched.zhou, days=3)
    assert isinstance(confirmed(watched, second, by=watched.zhou), Recomputation)


def test_a_confirmed_proposal_counts_for_the_venue_too(watched: Office) -> None:
    place = venue()
    waiting = confirmed(watched, inquiry(watched, 6, place, by=watched.li), by=watched.li)
    assert not ReddenedBy.objects.exists()
    watched.confirm(waiting)
    assert ReddenedBy.objects.get().people == 6
    alarm = Alarm.objects.get()
    assert (alarm.by, alarm.number) == (AlarmBy.OFFICER, watched.li.pk)


def test_whoever_is_red_anyway_is_not_counted(watched: Office) -> None:
    place = venue()
    first = inquiry(watched, 3, place, by=watched.li)
    confirmed(watched, first, by=watched.li)
    recolour(at=NOON)
    again = inquiry(watched, 1, place, by=watched.zhou)
    confirmed(watched, again, by=watched.zhou)
    counted = ReddenedBy.objects.order_by("pk").values_list("people", flat=True)
    assert list(counted) == [3, 1]
