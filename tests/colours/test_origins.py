"""For each reason: who reported it, by which act it counts, and nothing about anybody else."""

from datetime import UTC, datetime

import pytest
from django.utils.translation import override

from accounts.models import Account, Grant, Guardianship, Relation, Role
from accounts.services import name_institution, resident_account
from healthcode.acts.kinds import ActKind
from healthcode.acts.services import record_act
from healthcode.areas.models import Area, Level
from healthcode.areas.services import publish_levels
from healthcode.colours.answers import reason_answers
from healthcode.colours.origins import Origin, PublicAct, Reporter
from healthcode.colours.reasons import ColourReason
from healthcode.colours.selectors import decision_of
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import NewFact, record
from tests.acts import GROUND
from tests.areas.conftest import staff
from tests.colours import world
from tests.colours.world import shanghai

NOON = shanghai(2, 26, 12)
RECEIVED = shanghai(2, 25, 9)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy")]


def only_reason(person: int) -> ColourReason:
    [reason] = decision_of(person, NOON).reasons
    return reason


def reported(person: int, source: Account, **more: object) -> None:
    given = {"kind": EvidenceKind.TEST, "traits": ("positive",), "ends": shanghai(2, 25), **more}
    fact = NewFact(person, starts=shanghai(2, 25), **given)  # type: ignore[arg-type]  # by name
    record(source=source, facts=[fact], at=RECEIVED)


def test_an_institution_is_told_by_its_public_name() -> None:
    (tang,) = world.people(1)
    hospital = staff("h-17", Role.SOURCE, "")
    reported(tang, hospital)
    assert only_reason(tang).origin == Origin(Reporter.INSTITUTION, RECEIVED.astimezone(UTC))
    name_institution(account=hospital, zh="浙江省第三医院", en="Zhejiang Third Hospital")
    origin = only_reason(tang).origin
    with override("en"):
        assert origin.name == "Zhejiang Third Hospital"
    with override("zh-hans"):
        assert origin.name == "浙江省第三医院"
        name_institution(account=hospital, en="Third Hospital")
        assert only_reason(tang).origin.name == "Third Hospital"


@pytest.mark.parametrize(
    ("relation", "reporter"),
    [
        (Relation.SELF, Reporter.YOU),
        (Relation.CHILD, Reporter.GUARDIAN),
        (None, Reporter.GUARDIAN),
    ],
    ids=["oneself", "a child", "no longer"],
)
def test_what_a_resident_declares_is_told_without_a_name(
    relation: Relation | None, reporter: Reporter
) -> None:
    (ill,) = world.people(1)
    account = resident_account(phone="+8613800000001")
    if relation:
        Guardianship.objects.create(account=account, person_id=ill, relation=relation)
    reported(ill, account, kind=EvidenceKind.DECLARATION, traits=("fever",))
    assert only_reason(ill).origin == Origin(reporter, RECEIVED.astimezone(UTC))
    assert only_reason(ill).public_act is None


def test_a_level_comes_by_the_act_of_its_map_and_the_stay_by_its_source() -> None:
    (huang,) = world.people(1)
    world.areas("330104")
    Area.objects.filter(code="3301").update(name="杭州市")
    officer = world.officer("330104")
    act = record_act(
        account=officer,
        role=Role.OFFICER,
        kind=ActKind.LEVELS_PUBLISHED,
        area="330104",
        ground=GROUND,
        detail={},
        at=shanghai(2, 9),
    )
    levels = {"330104": Level.RED}
    publish_levels(act=act, effective_from=shanghai(2, 9), whole_of=None, levels=levels)
    railway = staff("railway", Role.SOURCE, "")
    name_institution(account=railway, zh="铁路", en="Railway")
    stay = {"kind": EvidenceKind.STAY, "traits": (), "area": "330104"}
    fact = NewFact(huang, starts=shanghai(2, 20), ends=shanghai(2, 21), **stay)  # type: ignore[arg-type]  # by name
    record(source=railway, facts=[fact], at=RECEIVED)

    reason = only_reason(huang)

    assert reason.origin.zh == "铁路"
    # To the city, as the public log.
    at = datetime(2020, 2, 8, 16, tzinfo=UTC)
    assert reason.public_act == PublicAct(act.pk, "levels-published", at, "3301", "33杭州市")
    [answer] = reason_answers([reason])
    assert str(officer.username) not in str(answer)


def test_a_contact_tells_neither_the_officer_nor_where_the_case_lives() -> None:
    (near,) = world.people(1)
    world.areas("330106")
    Area.objects.filter(code="33").update(name="浙江省")
    officer = world.officer("330106")
    tracing = Account.objects.create(username="tracing")
    act = record_act(
        account=officer,
        role=Role.OFFICER,
        kind=ActKind.CONTACTS_CONFIRMED,
        area="330106",
        ground=GROUND,
        detail={"inquiry": 1, "case": 2, "people": 1},
        at=NOON,
    )
    detail = {"inquiry": 1, "act": act.pk}
    reported(near, tracing, kind=EvidenceKind.CONTACT, traits=("close",), detail=detail)

    reason = only_reason(near)

    assert reason.origin.reporter is Reporter.AUTHORITY
    assert reason.public_act is not None
    assert (reason.public_act.number, reason.public_act.area) == (act.pk, "33")
    assert (reason.act, reason.public_act.area_name) == (None, "浙江省")
    [answer] = reason_answers([reason])
    told = str({name: value for name, value in answer.items() if name != "evidence"})
    assert not any(secret in told for secret in ("tracing", str(officer.username), "3301"))


def test_a_certificate_that_an_officer_entered_comes_by_the_act() -> None:
    (tang,) = world.people(1)
    officer = world.officer()
    detail = {"country": "DE"}
    reported(tang, officer, detail=detail, certificate=b"digest")
    number = only_reason(tang).evidence
    acts = [
        record_act(
            account=officer,
            role=Role.OFFICER,
            kind=ActKind.CERTIFICATE_ENTERED,
            area="",
            ground=GROUND,
            detail={"evidence": evidence},
            at=NOON,
        ).pk
        for evidence in (number + 1, number)
    ]
    reason = only_reason(tang)
    assert reason.public_act == PublicAct(acts[1], "certificate-entered", NOON.astimezone(UTC), "")
    assert "DE" in reason.en


def test_a_grant_that_ended_leaves_the_name() -> None:
    (tang,) = world.people(1)
    hospital = staff("h-17", Role.SOURCE, "")
    name_institution(account=hospital, zh="浙江省第三医院")
    reported(tang, hospital)
    Grant.objects.all().delete()
    assert only_reason(tang).origin.reporter is Reporter.INSTITUTION
