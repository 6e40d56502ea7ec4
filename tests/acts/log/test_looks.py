"""Each look is in the public log, and the person keeps the proof."""

import json
import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from accounts.services import delete_person
from healthcode.acts.kinds import ActKind, LookKind
from healthcode.acts.log import audit, keys
from healthcode.acts.log.findings import LogFindingKind
from healthcode.acts.log.looks import log_looks, look_record
from healthcode.acts.looks import Onlooker, forget_looks, record_looks
from healthcode.acts.metrics import LogMetrics
from healthcode.acts.models import LogLeaf, LookDigest, PersonLook
from healthcode.acts.services import record_act
from healthcode.core.log.leaves import decode_leaf
from healthcode.core.log.proofs import parse_proof, prove
from tests.acts import GROUND
from tests.acts.log import as_owner, extend, policy
from tests.acts.log import independent_log_verifier as theirs
from tests.acts.log.test_log_audit import PAGE
from tests.colours.world import shanghai
from tests.evidence.conftest import World, now, world

__all__ = ["now", "world"]
pytestmark = pytest.mark.django_db
NOW = shanghai(2, 20, 12)
LATER = NOW + timedelta(hours=2)
KIND = LogFindingKind


def look(world: World, people: list[int], *, area: str = "330106", **given: object) -> None:
    by = Onlooker(world.officer, Role.OFFICER, area, GROUND)
    told = {"what": LookKind.EVIDENCE, "at": NOW + timedelta(minutes=20), **given}
    record_looks(by=by, people=people, **told)


def found() -> list[tuple[LogFindingKind, int]]:
    return [(one.kind, one.number) for one in audit.findings(at=LATER)]


@pytest.fixture
def people(world: World) -> list[int]:
    """Three people at whom an officer of Hangzhou looked in one hour."""
    keys.make_keys(at=NOW)
    people = [world.person.pk, world.child.pk, world.stranger.pk]
    look(world, people)
    return people


def logged() -> list[int]:
    log_looks(at=LATER)
    extend(at=LATER)
    return list(PersonLook.objects.order_by("pk").values_list("pk", flat=True))


def test_an_hour_and_area_is_one_leaf(world: World, people: list[int]) -> None:
    look(world, people[:1], area="320100", what=LookKind.CONTACTS)
    look(world, people[:1], at=NOW + timedelta(minutes=61), what=LookKind.FILE)
    assert log_looks(at=NOW + timedelta(minutes=64)) == 0
    assert log_looks(at=NOW + timedelta(minutes=65)) == 2
    assert log_looks(at=NOW + timedelta(minutes=66)) == 0
    leaves = [decode_leaf(bytes(row.entry)) for row in LogLeaf.objects.filter(kind="looks")]
    assert sorted((leaf.kind, leaf.area, leaf.minute, leaf.people) for leaf in leaves) == [
        ("looks", "3201", "2020-02-20T04:00Z", "1-9"),
        ("looks", "3301", "2020-02-20T04:00Z", "1-9"),
    ]
    assert log_looks(at=LATER + timedelta(minutes=5)) == 1
    assert found() == []


def test_a_look_that_is_stored_late_gets_its_own_leaf(world: World, people: list[int]) -> None:
    logged()
    look(world, people[:1], what=LookKind.FILE)
    assert len(logged()) == 4
    assert LogLeaf.objects.filter(kind="looks").count() == 2
    assert found() == []


def test_the_person_keeps_a_proof_that_others_can_check(world: World, people: list[int]) -> None:
    zhang = Client()
    zhang.force_login(world.zhang)
    (mine, *others) = PersonLook.objects.order_by("pk").values_list("pk", flat=True)
    address = f"/people/{people[0]}/looks/{mine}.tlog-proof"
    assert address in zhang.get(f"/people/{people[0]}/data").content.decode()
    early = zhang.get(address)
    assert early.status_code == 503
    assert "Retry-After" in early
    logged()
    proof = zhang.get(address).content
    leaf = prove(parse_proof(proof), policy(), int(LATER.timestamp())).leaf
    assert (leaf.kind, leaf.area) == ("looks", "3301")
    record = theirs.check_proof(
        proof, zhang.get("/.well-known/health-code/log/policy").content, LATER
    )
    assert record["record"] == {
        "account": world.officer.pk,
        "area": "330106",
        "at": "2020-02-20T04:20:00.000000+00:00",
        "ground": GROUND.text,
        "ground_kind": GROUND.kind.value,
        "hidden_until": None,
        "number": mine,
        "person": people[0],
        "role": "officer",
        "what": "evidence",
    }
    assert zhang.get(f"/people/{people[0]}/looks/{others[0]}.tlog-proof").status_code == 404


def test_the_metrics_tell_what_waits(people: list[int]) -> None:
    def waiting() -> dict[str, float]:
        metrics = LogMetrics().collect()
        return {one.name: one.value for metric in metrics for one in metric.samples}

    extend(at=LATER)
    left = waiting()["healthcode_log_leaves_waiting"]
    assert waiting()["healthcode_log_looks_waiting"] == len(people)
    log_looks(at=LATER)
    assert waiting() == {
        "healthcode_log_leaves_waiting": left + 1,
        "healthcode_log_looks_waiting": 0,
    }


def test_the_page_names_each_member_of_the_record(people: list[int]) -> None:
    """If this fails, correct the table of looks in section 3 of docs/log.md."""
    section = PAGE.read_text("utf-8").split("\n### Looks at people")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*`) \|", section, re.MULTILINE)
    told = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert told == set(json.loads(look_record(PersonLook.objects.get(person=people[0]))))


def test_an_inquiry_hides_the_proof(world: World, people: list[int]) -> None:
    at = timezone.now()
    look(
        world,
        people[:1],
        what=LookKind.CONTACTS,
        at=at,
        hidden_until=at + timedelta(days=1),
    )
    log_looks(at=at + timedelta(hours=2))
    extend(at=at + timedelta(hours=2))
    hidden = PersonLook.objects.latest("pk").pk
    zhang = Client()
    zhang.force_login(world.zhang)
    address = f"/people/{people[0]}/looks/{hidden}.tlog-proof"
    assert zhang.get(address).status_code == 404


def test_the_ground_of_an_inquiry_is_not_in_the_record(world: World, people: list[int]) -> None:
    look(world, people[:1], what=LookKind.CONTACTS)
    number = logged()[-1]
    zhang = Client()
    zhang.force_login(world.zhang)
    proof = parse_proof(zhang.get(f"/people/{people[0]}/looks/{number}.tlog-proof").content)
    assert json.loads(proof.record)["ground"] is None


def test_the_service_cannot_change_or_delete_a_look(people: list[int]) -> None:
    logged()
    for statement in (
        "UPDATE acts_personlook SET ground = 'another ground'",
        "UPDATE acts_personlook SET salt = NULL",
        "UPDATE acts_lookdigest SET digest = sha256('')",
        "UPDATE acts_lookdigest SET place = place + 10",
        "UPDATE acts_lookdigest SET erased_by_id = 1",
        "DELETE FROM acts_lookdigest",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.usefixtures("people")
def test_a_young_look_is_not_deleted(world: World) -> None:
    look(world, [world.person.pk], at=timezone.now(), what=LookKind.FILE)
    with pytest.raises(DatabaseError, match="a look is kept"), transaction.atomic():
        PersonLook.objects.all().delete()


@pytest.mark.parametrize("sealed", [True, False])
def test_the_audit_finds_an_edited_look(people: list[int], sealed: bool) -> None:
    extend(at=LATER)
    number = logged()[1] if sealed else PersonLook.objects.latest("pk").pk
    as_owner("acts_personlook", "UPDATE acts_personlook SET area = '330102' WHERE id = %s", number)
    assert found() == [(KIND.LOOK_EDITED, number)]


def test_the_audit_finds_a_missing_look_and_a_forged_one(people: list[int]) -> None:
    first, second, _third = logged()
    as_owner("acts_personlook", "DELETE FROM acts_personlook WHERE id = %s", first)
    as_owner("acts_personlook", "UPDATE acts_personlook SET id = id + 100 WHERE id = %s", second)
    assert set(found()) == {
        (KIND.LOOK_MISSING, first),
        (KIND.LOOK_MISSING, second),
        (KIND.LOOK_NOT_LOGGED, second + 100),
    }


def test_the_audit_finds_edited_digests(people: list[int]) -> None:
    number = logged()[0]
    as_owner("acts_lookdigest", "DELETE FROM acts_lookdigest WHERE look = %s", number + 2)
    assert set(found()) == {(KIND.LOOKS_EDITED, number), (KIND.LOOK_NOT_LOGGED, number + 2)}


def test_looks_that_went_by_rule_are_not_missing(world: World, people: list[int]) -> None:
    logged()
    record_act(
        account=world.officer,
        role=Role.OFFICER,
        kind=ActKind.PERSON_ERASED,
        area="",
        ground=GROUND,
        detail={"person": people[1]},
        at=LATER,
    )
    delete_person(person_id=people[1])
    extend(at=LATER)
    assert PersonLook.objects.count() == 2
    assert LookDigest.objects.filter(erased_by=None).count() == 2
    year = NOW + timedelta(days=366)
    assert forget_looks(year) == 2
    assert [*audit.findings(at=year)] == []
    # A year before, two of them would be missing; the erased one is forgotten by its act.
    assert [one.kind for one in audit.findings(at=LATER)] == [KIND.LOOK_MISSING] * 2
