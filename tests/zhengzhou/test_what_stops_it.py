"""The steps of docs/how-zhengzhou-would-go.md in which what happened in Zhengzhou is stopped."""

import json
from typing import Final

import pytest

from accounts.models import Account, Role
from healthcode.acts.alarm_models import Alarm
from healthcode.acts.kinds import ActKind
from healthcode.acts.log.entries import append_older_acts
from healthcode.acts.models import Act, LogLeaf, Proposal
from healthcode.administration.administrator import Administrator
from healthcode.administration.plans import StaffGrant
from healthcode.administration.staff import add_staff
from healthcode.audit.services import begin_audit, go_on
from healthcode.codes import keys
from healthcode.codes.status_lists import indexes
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import PersonColour
from healthcode.core import Colour
from healthcode.core.log.leaves import decode_leaf
from healthcode.evidence.held import held_export
from healthcode.evidence.models import Evidence, HeldLine, SourceBatch
from healthcode.tracing.kinds import PlaceKind
from healthcode.tracing.models import Inquiry, Place
from healthcode.tracing.recording import NewPresence, record_presences
from healthcode.tracing.services import confirm, open_inquiry, preview
from tests.acts import GROUND, SENT_GROUND
from tests.colours import world as colours
from tests.evidence.conftest import staff
from tests.owner import as_owner
from tests.zhengzhou.conftest import DAY, HOUR, JINSHUI, City, recolour, red
from tests.zhengzhou.page import Said, plain

pytestmark = [pytest.mark.clock, pytest.mark.django_db]

VISITORS: Final = 446


def test_1_a_contractor_cannot(city: City) -> None:
    line = {"person": city.victim.pk, "strength": "close", "from": city.now.isoformat()}
    contractor = Account.objects.create(username="contractor")
    manager = staff("manager", Role.VENUE_MANAGER, "")
    with Said(1) as said:
        for account in (contractor, manager):
            client = city.client(account)
            for path, sent in (
                ("evidence/contacts", line),
                ("inquiries", {"case": 1, **SENT_GROUND}),
                ("held-lines/1/confirmation", SENT_GROUND),
                ("proposals/1/confirmation", SENT_GROUND),
            ):
                said.problem(client.post(f"/api/v1/{path}", sent, format="json"), 403)
            answer = client.put("/api/v1/areas/levels", SENT_GROUND, format="json")
            said.problem(answer, 403)
    assert not Evidence.objects.exists()
    assert not Act.objects.filter(account__in=[contractor, manager]).exists()
    by = Administrator(staff("administrator", Role.ADMINISTRATOR, "41"), GROUND)
    grant = StaffGrant("contractor", Role.OFFICER, "4101")
    assert isinstance(add_staff(by=by, grant=grant, at=city.now), Proposal)
    assert not contractor.grants.exists()


def test_2_a_forwarded_picture_does_nothing(city: City) -> None:
    city.depositors(1)
    with Said(2) as said:
        client = city.client(city.depositor)
        sent = {"person": city.victim.pk, "venue": 1, "symptoms": []}
        said.problem(client.post("/api/v1/check-ins", sent, format="json"), 422)
        said.shown(city.why(), "Nothing on record")
    assert not Evidence.objects.exists()


def test_3_a_stolen_token_reddens_five(city: City, caplog: pytest.LogCaptureFixture) -> None:
    people = city.depositors(VISITORS)
    starts = (city.now - DAY).isoformat()
    lines = [
        {"person": who, "strength": "close", "from": starts, "reference": f"{who}"}
        for who in people
    ]
    body = "\n".join(map(json.dumps, lines))
    hospital = city.client(Account.objects.get(username="hospital"))
    url = "/api/v1/evidence/contacts"
    answer = hospital.post(url, body, content_type="application/x-ndjson")
    assert answer.status_code in (200, 201), answer.content
    recolour()
    assert (red(people), HeldLine.objects.count()) == (5, VISITORS - 5)
    alarm = Alarm.objects.get()
    assert (alarm.by, alarm.people) == ("source", VISITORS)
    (leaf,) = LogLeaf.objects.filter(kind="alarm-raised")
    assert decode_leaf(bytes(leaf.entry)).people == VISITORS
    (leaf,) = LogLeaf.objects.filter(kind="contacts-reported")
    assert decode_leaf(bytes(leaf.entry)).people == VISITORS
    assert [len(held_export(who)) for who in people] == [0] * 5 + [1] * (VISITORS - 5)
    batch = SourceBatch.objects.get()
    with Said(3) as said:
        said.sentences |= {plain(one.message) for one in caplog.records if "Alarm:" in one.message}
        told = [city.told(minutes) for minutes in (0, 30, 60)]
        assert [sorted(some) for some in told] == [
            ["officer-jinshui"],
            ["officer-1", "officer-2"],
            ["officer-henan"],
        ]
        said.sentences.add(plain(told[0]["officer-jinshui"]))
        said.shown(city.desk(city.honest), "446 people would turn red")
        said.shown(city.desk(city.honest), "441 lines of sources")
        said.shown(city.why(), "Zhengzhou First Hospital", "You")
        client = city.client(city.honest)
        answer = client.post(f"/api/v1/reports/{batch.pk}/withdrawal", SENT_GROUND, format="json")
        assert answer.status_code == 201, answer.content
        held = f"/api/v1/held-lines/{batch.pk}"
        sent = {**SENT_GROUND, "fingerprint": client.get(held).json()["fingerprint"]}
        answer = client.post(f"{held}/rejection", sent, format="json")
        assert answer.status_code == 201, answer.content
        recolour()
        assert red(people) == 0
        said.shown(city.why(), "Nothing on record")


def test_4_one_officer_needs_a_ground_and_an_area(city: City) -> None:
    people = city.depositors(20)
    url, shown = city.inquire(city.first, people, "郑州站")
    with Said(4) as said:
        client = city.client(city.first)
        sent = {"ground_kind": "investigation", "ground": "."}
        sent |= {"fingerprint": shown["fingerprint"]}
        said.problem(client.post(f"{url}/confirmation", sent, format="json"), 422)
        said.problem(city.confirm(city.elsewhere, url, shown), 403)
        day = (city.now - 14 * DAY).date().isoformat()
        a_map = {"levels": [{"code": JINSHUI, "level": "red"}], "effective_from": day}
        sent = {**SENT_GROUND, **a_map}
        answer = city.client(city.elsewhere).put("/api/v1/areas/levels", sent, format="json")
        said.problem(answer, 403)
    assert red(people) == 0


def test_5_ten_small_acts_are_one(city: City) -> None:
    """Two people in each act, and hours between the acts, so that no alarm is raised."""
    people = city.depositors(20)
    outcomes = []
    for n in range(10):
        at = city.now - (10 - n) * 2 * HOUR
        place = Place.objects.create(kind=PlaceKind.SHOP, name=f"shop {n}", area=JINSHUI)
        case = city.case()
        met = [case.person_id, *people[2 * n : 2 * n + 2]]
        starts = city.now - 2 * DAY
        record_presences(
            [
                NewPresence(who, place.pk, PlaceKind.SHOP, starts, starts + HOUR, sure=True)
                for who in met
            ]
        )
        opened = open_inquiry(
            account=city.first,
            evidence_id=case.pk,
            infectious_from=starts - DAY,
            infectious_until=starts + DAY,
            ground=GROUND,
            at=at,
        )
        Inquiry.objects.filter(pk=opened.pk).update(placed_at=at)
        opened.refresh_from_db()
        fingerprint = preview(opened, at=at).fingerprint
        outcomes.append(
            confirm(
                account=city.first,
                inquiry_id=opened.pk,
                ground=GROUND,
                fingerprint=fingerprint,
                at=at,
            )
        )
        recolour()
    assert [isinstance(one, Proposal) for one in outcomes] == [False] * 5 + [True] * 5
    assert red(people) == 10
    with Said(5) as said:
        said.shown(city.desk(city.honest), "Proposals · 5 proposals wait")
        released = Act.objects.filter(kind=ActKind.CONTACTS_CONFIRMED)
        for act in released:
            url = f"/api/v1/acts/{act.pk}/withdrawal"
            answer = city.client(city.honest).post(url, SENT_GROUND, format="json")
            assert answer.status_code == 201, answer.content
        recolour()
        assert red(people) == 0


def test_6_a_map_dated_back_waits(city: City) -> None:
    people = city.depositors(20)
    for person in people:
        colours.stay(person, JINSHUI, city.now - 20 * DAY, None)
    recompute_people(people, at=city.now)
    day = (city.now - 14 * DAY).date().isoformat()
    a_map = {"levels": [{"code": JINSHUI, "level": "red"}], "effective_from": day}
    sent = {**SENT_GROUND, **a_map}
    answer = city.client(city.first).put("/api/v1/areas/levels", sent, format="json")
    assert (answer.status_code, answer.json()["preview"]["worse"]) == (202, 20)
    recolour()
    assert red(people) == 0
    with Said(6) as said:
        said.shown(city.desk(city.honest), "Proposals · 1 proposal waits")
        said.shown(city.why(), "Nothing on record")
        assert list(city.told(0)) == ["officer-jinshui"]
    assert Proposal.objects.get().is_alarm


def test_7_an_edited_row_gets_no_code(city: City) -> None:
    (victim,) = city.depositors(1)
    recolour()
    keys.keyring.forget()
    indexes.known_parts.forget()
    keys.make_key(starts=city.now - DAY, signs_for=90 * DAY)
    client = city.client(city.depositor)
    declared = {"person": victim, "symptoms": [], "contact_with_case": False, "stays": []}
    assert client.post("/api/v1/declarations", declared, format="json").status_code == 201
    url = f"/api/v1/people/{victim}/code"
    assert client.get(url).status_code == 200
    with as_owner():
        PersonColour.objects.filter(pk=victim).update(colour=Colour.RED, changes=2)
    with Said(7) as said:
        said.problem(client.get(url), 503)
        recolour()
        assert red([victim]) == 0
        PersonColour.objects.filter(pk=victim).update(colour=Colour.RED)
        append_older_acts()
        audit = begin_audit(at=city.now)
        while audit.finished_at is None:
            go_on(audit, at=city.now)
        assert [(one.kind, one.number) for one in audit.findings.all()] == [("colour", victim)]
    recolour()
    assert red([victim]) == 0
