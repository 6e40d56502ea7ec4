"""Fixtures: a restaurant in Hangzhou on 3 March 2020, a case, and others who ate there."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from accounts.models import Account
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.tracing import services
from healthcode.tracing.kinds import PlaceKind
from healthcode.tracing.models import Inquiry, Membership, Place
from healthcode.tracing.recording import NewPresence, record_memberships, record_presences
from tests.acts import GROUND
from tests.colours import world
from tests.colours.world import shanghai

CONFIRMED = shanghai(3, 8, 9)
NOW = shanghai(3, 8, 12)
MIDDAY = shanghai(3, 3, 10, 10)


@dataclass
class Town:
    """The people: `case`; `near`, who was there for 30 minutes; `passing`, who was for 5."""

    officer: Account = field(default_factory=lambda: world.officer("33"))

    def __post_init__(self) -> None:
        self.case, self.near, self.passing, self.flatmate = world.people(4, home="330106")
        self.restaurant = Place.objects.create(
            kind=PlaceKind.RESTAURANT, name="望湖楼", area="330106"
        )
        self.home = Place.objects.create(kind=PlaceKind.HOUSEHOLD)
        self.evidence = world.fact(
            self.case, EvidenceKind.CASE, CONFIRMED, None, "confirmed", source=self.officer
        )
        self.eats(self.case, MIDDAY, minutes=60)
        self.eats(self.near, MIDDAY - timedelta(minutes=20), minutes=50)
        self.eats(self.passing, MIDDAY + timedelta(minutes=55), minutes=30)
        record_memberships(
            Membership(place=self.home, person_id=person, starts=shanghai(1, 1))
            for person in (self.near, self.flatmate)
        )

    def eats(self, person: int, starts: datetime, *, minutes: int, sure: bool = True) -> None:
        ends = starts + timedelta(minutes=minutes)
        kind = PlaceKind(self.restaurant.kind)
        record_presences([NewPresence(person, self.restaurant.pk, kind, starts, ends, sure)])

    def inquire(self, *, placed: bool = True) -> Inquiry:
        inquiry = services.open_inquiry(
            account=self.officer,
            evidence_id=self.evidence.pk,
            infectious_from=None,
            infectious_until=None,
            ground=GROUND,
            at=NOW,
        )
        if placed:
            Inquiry.objects.filter(pk=inquiry.pk).update(placed_at=NOW)
            inquiry.refresh_from_db()
        return inquiry

    def confirm(self, inquiry: Inquiry) -> None:
        services.confirm(
            account=self.officer,
            inquiry_id=inquiry.pk,
            ground=GROUND,
            fingerprint=services.preview(inquiry, at=NOW).fingerprint,
            at=NOW,
        )

    def contacts(self) -> dict[int, Evidence]:
        facts = Evidence.objects.filter(kind=EvidenceKind.CONTACT, withdrawn_by__isnull=True)
        return {fact.person_id: fact for fact in facts}


@pytest.fixture
def town(db: None) -> Town:
    world.publish()
    return Town()
