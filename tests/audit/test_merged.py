"""The audit compares which registrations are merged with the acts."""

from datetime import timedelta

import pytest

from accounts.merging import take_out
from accounts.models import MergedRegistration, Person
from healthcode.acts.log import keys
from healthcode.audit.models import FindingKind
from healthcode.audit.services import begin_audit, go_on
from healthcode.colours.decide_many import recompute_people
from healthcode.officers.registrations.services import merge, separate
from tests.acts import GROUND
from tests.acts.log import extend
from tests.colours import world
from tests.colours.world import shanghai

NIGHT = shanghai(2, 20, 2, 30)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy")]


def found() -> set[tuple[str, int]]:
    begun = begin_audit(at=NIGHT)
    while begun.finished_at is None:
        go_on(begun, at=NIGHT)
    return set(begun.findings.values_list("kind", "number"))


@pytest.fixture
def people() -> list[int]:
    """Make four people; acts have merged the first three, and separated the first again."""
    people = world.people(4)
    recompute_people(people, at=NIGHT)
    keys.make_keys(at=NIGHT)
    by, at = world.officer("33"), NIGHT - timedelta(days=1)
    for other in people[1:3]:
        merge(account=by, person=people[0], other=other, ground=GROUND, at=at)
    separate(account=by, person=people[0], ground=GROUND, at=at)
    extend(at=NIGHT)
    return people


def test_what_acts_did_is_right(people: list[int]) -> None:
    assert MergedRegistration.objects.count() == 2
    assert not {one for one in found() if one[0] == FindingKind.MERGED}


def test_who_is_separated_without_an_act_is_found(people: list[int]) -> None:
    take_out(people[1])
    assert {(FindingKind.MERGED, people[1]), (FindingKind.MERGED, people[2])} <= found()


def test_who_is_merged_again_without_an_act_is_found(people: list[int]) -> None:
    """The older act names the person, so the trigger lets it pass."""
    act = MergedRegistration.objects.get(person=people[1]).whose
    MergedRegistration.objects.create(person_id=people[0], whose=act, act=act)
    assert (FindingKind.MERGED, people[0]) in found()


def test_who_was_erased_is_missed_by_nobody(people: list[int]) -> None:
    take_out(people[1])
    Person.objects.filter(pk=people[1]).delete()
    assert not {one for one in found() if one[0] == FindingKind.MERGED}
