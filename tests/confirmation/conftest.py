"""Fixtures: the shipped policy is in force, and one officer's acts need a second one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Account
from healthcode.acts.models import Proposal
from healthcode.areas.models import Level
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import Recomputation
from healthcode.colours.recompute import run
from healthcode.confirmation.services import Confirmed, confirm_proposal
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.officers.maps.services import publish_map
from healthcode.officers.withdrawals.services import withdraw_evidence
from tests.acts import GROUND
from tests.colours import world
from tests.colours.world import shanghai

NOON = shanghai(2, 20, 12)
PLACE = "330106"


@dataclass
class Office:
    """Two officers of a province, and eleven people who are in one district."""

    at: datetime = NOON
    li: Account = field(default_factory=lambda: world.officer("33"))
    zhou: Account = field(default_factory=lambda: world.officer("33"))

    def __post_init__(self) -> None:
        world.areas(PLACE, "310101")
        self.people = world.people(11, home=PLACE)
        for person in self.people:
            world.stay(person, PLACE, self.at - timedelta(days=7), None)
        recompute_people(self.people, at=self.at)

    def map(
        self,
        levels: Mapping[str, Level] | None = None,
        *,
        by: Account | None = None,
        starts: datetime | None = None,
    ) -> Any:
        """Publish a map, by default one that makes all eleven people red."""
        return publish_map(
            account=by or self.li,
            effective_from=starts or self.at - timedelta(hours=12),
            ground=GROUND,
            whole_of=None,
            levels={PLACE: Level.RED} if levels is None else levels,
            at=self.at,
        )

    def case(self, person: int) -> Evidence:
        """Store a confirmed case, which makes the person red."""
        fact = world.fact(person, EvidenceKind.CASE, self.at - timedelta(days=3), None, "confirmed")
        recompute_people([person], at=self.at)
        return fact

    def withdraw(self, fact: Evidence, *, by: Account | None = None) -> Any:
        return withdraw_evidence(
            account=by or self.li, evidence_id=fact.pk, ground=GROUND, at=self.at
        )

    def confirm(
        self, proposal: Proposal, *, by: Account | None = None, at: datetime | None = None
    ) -> Confirmed:
        return confirm_proposal(
            account=by or self.zhou,
            proposal_id=proposal.pk,
            fingerprint=proposal.fingerprint,
            ground=GROUND,
            at=at or self.at,
        )


def recolour(*, at: datetime) -> None:
    """Do what acts have asked for."""
    for recomputation in Recomputation.objects.filter(finished_at__isnull=True):
        run(recomputation.pk, clock=lambda: at)


@pytest.fixture
def office(db: None) -> Office:
    world.publish(world.QUIET_TEXT)
    return Office()
