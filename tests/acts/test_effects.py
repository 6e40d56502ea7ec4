"""The effect that an act records is what its recolouring then does, to the person."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from healthcode.acts.effects import NO_EFFECT
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act, ActArea
from healthcode.areas.models import Level
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import Recomputation
from healthcode.colours.recompute import run
from healthcode.colours.services import publish_policy
from healthcode.officers.desk.selectors import acts_within
from healthcode.officers.maps.services import publish_map
from healthcode.officers.withdrawals.services import withdraw_evidence
from tests.acts import GROUND
from tests.acts.watching import ColourWatch, recorded
from tests.colours import world
from tests.colours.world import shanghai
from tests.officers.inquiries.test_inquiries import browser_of
from tests.owner import as_owner
from tests.tracing.conftest import Town
from tests.tracing.conftest import town as town

pytestmark = pytest.mark.django_db

NOON = shanghai(2, 20, 12)
EARLIER = NOON - timedelta(days=3)


def recolour(*, at: datetime) -> None:
    for recomputation in Recomputation.objects.filter(finished_at__isnull=True):
        run(recomputation.pk, clock=lambda: at)


def last(kind: ActKind) -> Act:
    return Act.objects.filter(kind=kind).latest("pk")


@pytest.fixture
def policy() -> None:
    world.publish()


def guests_of(area: str, home: str, number: int) -> list[int]:
    """Make people of `home` who have been in `area` for a week."""
    world.areas(area)
    people = world.people(number, home=home)
    for person in people:
        world.stay(person, area, NOON - timedelta(days=7), None)
    return people


@pytest.mark.usefixtures("policy")
class TestMap:
    def test_it_counts_the_people_of_each_county(self) -> None:
        people = [
            *guests_of("330106", "330106", 3),
            *guests_of("330106", "330203004", 2),
            *guests_of("330203", "330203", 1),
        ]
        self.publish({"330106": Level.ORANGE})
        recolour(at=NOON)
        watch = ColourWatch(people)

        act = self.publish({"330106": Level.RED, "330203": Level.RED})
        recolour(at=NOON)

        assert recorded(act) == watch.effect()
        assert act.worse == 6
        assert recorded(act).homes == {"330106": 3, "330203": 3}
        watch = ColourWatch(people[:5])
        act = self.publish({"330106": Level.GREEN})
        recolour(at=NOON)
        assert recorded(act) == watch.effect()
        assert act.worse == 0

    def test_it_is_filed_under_the_areas_that_it_names(self) -> None:
        world.areas("330106", "330203")
        act = self.publish({"330106": Level.ORANGE, "330203": Level.GREEN})
        filed = dict(act.areas.values_list("area", "people"))
        assert filed == {"33": 0, "330106": 0, "330203": 0}

    def publish(self, levels: dict[str, Level]) -> Act:
        return publish_map(
            account=world.officer("33"),
            effective_from=EARLIER,
            ground=GROUND,
            whole_of=None,
            levels=levels,
            at=NOON,
        ).act


def test_before_the_first_policy_a_map_has_no_effect() -> None:
    guests_of("330106", "330106", 1)
    assert recorded(TestMap().publish({"330106": Level.RED})) == NO_EFFECT


def test_a_policy_counts_everybody() -> None:
    people = guests_of("330106", "330106", 3) + world.people(2, home="330203")
    world.levels("330106", (Level.ORANGE, EARLIER, None))
    world.publish()
    recompute_people(sorted(people), at=NOON)
    watch = ColourWatch(people)
    milder = world.DEFAULT_TEXT.replace("version = 2", "version = 7").replace(
        '["orange"]', '["red"]'
    )

    act = publish_policy(
        account=world.officer(), text=milder, holds_from=NOON, ground=GROUND, at=NOON
    ).act
    recolour(at=NOON)

    assert recorded(act) == watch.effect()
    assert sum(act.people_before or ()) == 5


def test_contacts_and_the_withdrawal_of_their_case(town: Town) -> None:
    """A confirmation concerns the contacts; the withdrawal of the case concerns the case too."""
    at = shanghai(3, 8, 12)
    contacts = (town.near, town.passing, town.flatmate)
    recompute_people([town.case], at=at)
    watch = ColourWatch(contacts)
    town.confirm(town.inquire())
    recolour(at=at)
    confirmed = last(ActKind.CONTACTS_CONFIRMED)
    assert recorded(confirmed) == watch.effect()
    assert confirmed.worse == 3

    watch = ColourWatch((town.case, *contacts))
    withdraw_evidence(account=town.officer, evidence_id=town.evidence.pk, ground=GROUND, at=at)
    recolour(at=at)
    withdrawn = last(ActKind.EVIDENCE_WITHDRAWN)
    assert recorded(withdrawn) == watch.effect()
    assert (withdrawn.people_after, withdrawn.worse) == ([4, 0, 0], 0)


@pytest.mark.usefixtures("policy")
def test_an_officer_sees_what_others_did_to_the_people_at_home() -> None:
    guests_of("330106", "330203004", 2)
    act = publish_map(
        account=world.officer("3301"),
        effective_from=EARLIER,
        ground=GROUND,
        whole_of=None,
        levels={"330106": Level.RED},
        at=NOON,
    ).act
    assert act in acts_within(["3302"], most=5)
    assert act not in acts_within(["3304"], most=5)
    shown = browser_of(world.officer("330203")).get("/officer").content.decode()
    assert GROUND.text in shown
    assert "Epidemiological investigation · " in shown
    assert "2 people got a stricter colour." in shown


@pytest.mark.usefixtures("policy")
def test_nobody_changes_where_an_act_is_filed() -> None:
    act = TestMap().publish({})
    for statement in (
        lambda: ActArea.objects.update(people=7),
        lambda: ActArea.objects.all().delete(),
    ):
        kept = pytest.raises(DatabaseError, match="acts are kept for good")
        with as_owner(), kept, transaction.atomic():
            statement()
    assert act.areas.get().people == 0
