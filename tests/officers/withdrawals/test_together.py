"""One act withdraws all that a report or an act recorded, and one recomputation follows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account, Person, Role
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act, Proposal
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import Recomputation
from healthcode.colours.recompute import run
from healthcode.confirmation.services import confirm_proposal
from healthcode.evidence.models import Evidence, EvidenceKind, SourceBatch, SourceGrant
from healthcode.evidence.ndjson import NumberedLine
from healthcode.evidence.together import Recorder
from healthcode.officers.held_lines.selectors import waiting_lines
from healthcode.officers.held_lines.services import confirm_lines
from healthcode.officers.withdrawals.together import withdraw_recorded
from healthcode.sources.evidence import report_evidence
from healthcode.tracing.kinds import PlaceKind
from healthcode.tracing.models import Inquiry, Place
from healthcode.tracing.recording import NewPresence, record_presences
from healthcode.tracing.services import confirm, open_inquiry, preview
from tests.acts import GROUND, SENT_GROUND
from tests.acts.watching import ColourWatch, recorded
from tests.colours import world as colours
from tests.evidence.conftest import HOME, World, staff

pytestmark = pytest.mark.clock

NINGBO = "330203"
GREEN, RED = 0, 2
DAY = timedelta(days=1)


def people_in(*homes: str) -> list[int]:
    made = Person.objects.bulk_create([Person(home_area=home) for home in homes])
    return [person.pk for person in made]


def report(
    world: World, people: list[int], at: datetime, kind: str = "cases", **line: Any
) -> SourceBatch:
    """Let the source report a line about each, by default a case, and recolour."""
    line = line or {"status": "confirmed", "confirmed_at": (at - DAY).isoformat()}
    lines = [NumberedLine(n, {"person": who, **line}) for n, who in enumerate(people, 1)]
    answer = report_evidence(source=world.source, kind=kind, lines=lines, at=at)
    if answer.recomputation:
        run(answer.recomputation)
    return SourceBatch.objects.latest("pk")


def withdraw(of: Recorder, number: int, *, by: Account, at: datetime) -> Recomputation | Proposal:
    done = withdraw_recorded(account=by, recorder=of, number=number, ground=GROUND, at=at)
    if isinstance(done, Recomputation):
        run(done.pk)
    return done


def confirm_held(world: World, batch: SourceBatch, at: datetime) -> Act:
    """Let an officer confirm the lines that wait, and recolour."""
    done = confirm_lines(
        account=world.officer,
        batch_id=batch.pk,
        lines=None,
        fingerprint=waiting_lines(world.officer, batch.pk).fingerprint,
        ground=GROUND,
        at=at,
    )
    assert done.recomputation is not None
    run(done.recomputation.pk)
    return done.act


def test_one_officer_takes_back_what_an_officer_confirmed(world: World, now: datetime) -> None:
    """The cases that the source could report alone stay."""
    SourceGrant.objects.update(reddening_lines_a_day=3)
    people = people_in(*[HOME] * 8)
    batch = report(world, people, now)
    act = confirm_held(world, batch, now + timedelta(seconds=1))
    assert set(colours.colours(people).values()) == {RED}

    watch = ColourWatch(people[3:])
    done = withdraw(Recorder.ACT, act.pk, by=world.officer, at=now + timedelta(seconds=2))

    assert isinstance(done, Recomputation)
    taken = Act.objects.get(kind=ActKind.FACTS_WITHDRAWN)
    assert recorded(taken) == watch.effect()
    assert (taken.worse, taken.detail["facts"], taken.detail["people"]) == (0, 5, 5)
    assert [colours.colours(people)[who] for who in people] == [RED] * 3 + [GREEN] * 5
    assert Evidence.objects.filter(withdrawn_by=taken).count() == 5


def test_a_report_of_cases_waits_for_a_second_officer(world: World, now: datetime) -> None:
    people = people_in(HOME, HOME)
    batch = report(world, people, now)
    waiting = withdraw(Recorder.REPORT, batch.pk, by=world.officer, at=now)
    assert isinstance(waiting, Proposal)
    assert set(colours.colours(people).values()) == {RED}
    confirm_proposal(
        account=staff("second", Role.OFFICER, "33"),
        proposal_id=waiting.pk,
        fingerprint=waiting.fingerprint,
        ground=GROUND,
        at=now,
    )
    for done in Recomputation.objects.filter(finished_at=None):
        run(done.pk)
    assert set(colours.colours(people).values()) == {GREEN}


def test_a_confirmer_needs_authority_over_all_areas(
    world: World, now: datetime, client_of: Callable[[Account], APIClient]
) -> None:
    batch = report(world, people_in(HOME), now)
    waiting = withdraw(Recorder.REPORT, batch.pk, by=world.officer, at=now)
    assert isinstance(waiting, Proposal)
    sent = {**SENT_GROUND, "fingerprint": waiting.fingerprint}
    client = client_of(staff("hangzhou", Role.OFFICER, "3301"))
    url = f"/api/v1/proposals/{waiting.pk}/confirmation"
    assert client.post(url, sent, format="json").status_code == 403
    other = client_of(staff("second", Role.OFFICER, "33"))
    answer = other.post(url, sent, format="json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["facts"] == 1


def test_whoever_withdraws_negative_tests_counts_those_made_worse(
    world: World, now: datetime
) -> None:
    people = people_in(*[HOME] * 11)
    for person in people:
        for days, trait in ((20, "positive"), (15, "negative")):
            then = now - timedelta(days=days)
            colours.fact(person, EvidenceKind.TEST, then, then, trait)
    sampled = (now - timedelta(days=13)).isoformat()
    batch = report(world, people, now, "tests", result="negative", sampled_at=sampled)
    recompute_people(people, at=now)
    assert set(colours.colours(people).values()) == {GREEN}
    waiting = withdraw(Recorder.REPORT, batch.pk, by=world.officer, at=now)
    assert isinstance(waiting, Proposal)
    assert waiting.preview["worse"] == 11


def test_each_officer_releases_those_for_whom_the_officer_answers(
    world: World, now: datetime
) -> None:
    people = people_in(HOME, HOME, NINGBO)
    then = (now - DAY).isoformat()
    batch = report(world, people, now, "contacts", **{"strength": "close", "from": then})
    li = staff("li", Role.OFFICER, "3302")
    done = withdraw(Recorder.REPORT, batch.pk, by=li, at=now)
    assert isinstance(done, Recomputation)
    act = Act.objects.get(kind=ActKind.FACTS_WITHDRAWN)
    assert (act.area, act.detail["facts"], act.detail["others"]) == ("3302", 1, 2)
    assert [colours.colours(people)[who] for who in people] == [RED, RED, GREEN]
    withdraw(Recorder.REPORT, batch.pk, by=world.officer, at=now)
    assert set(colours.colours(people).values()) == {GREEN}


@pytest.fixture
def contacts(world: World, now: datetime) -> Act:
    """Confirm three contacts of a case, and one contact of another case."""
    acts = [confirm_contacts(world, 3, now), confirm_contacts(world, 1, now)]
    return acts[0]


def confirm_contacts(world: World, number: int, now: datetime) -> Act:
    """Confirm so many contacts of a new case; each contact lives with somebody."""
    case, *others = people_in(*[HOME] * (1 + number))
    relatives = people_in(*[HOME] * number)
    fact = colours.fact(case, EvidenceKind.CASE, now - timedelta(hours=1), None, "confirmed")
    kind, starts = PlaceKind.RESTAURANT, now - DAY
    place = Place.objects.create(kind=kind, name=f"place {case}", area=HOME)
    met = [NewPresence(who, place.pk, kind, starts, now, sure=True) for who in (case, *others)]
    for one, relative in zip(others, relatives, strict=True):
        home = Place.objects.create(kind=PlaceKind.HOUSEHOLD, name=f"home {one}", area=HOME)
        met += [
            NewPresence(who, home.pk, PlaceKind.HOUSEHOLD, starts, now, sure=True)
            for who in (one, relative)
        ]
    record_presences(met)
    inquiry = open_inquiry(
        account=world.officer,
        evidence_id=fact.pk,
        infectious_from=now - 2 * DAY,
        infectious_until=now,
        ground=GROUND,
        at=now,
    )
    Inquiry.objects.filter(pk=inquiry.pk).update(placed_at=now)
    inquiry.refresh_from_db()
    done = confirm(
        account=world.officer,
        inquiry_id=inquiry.pk,
        ground=GROUND,
        fingerprint=preview(inquiry, at=now).fingerprint,
        at=now,
    )
    assert isinstance(done, Recomputation), done
    run(done.pk)
    assert done.act is not None
    return done.act


def test_the_contacts_of_an_act_fall_together(world: World, contacts: Act, now: datetime) -> None:
    own = Evidence.objects.filter(kind=EvidenceKind.CONTACT, detail__act=contacts.pk)
    others = Evidence.objects.filter(kind=EvidenceKind.CONTACT).exclude(detail__act=contacts.pk)
    # Three contacts and those with whom they live.
    assert (own.count(), others.count()) == (6, 2)
    done = withdraw(Recorder.ACT, contacts.pk, by=world.officer, at=now)
    assert isinstance(done, Recomputation)
    assert own.filter(withdrawn_by=None).count() == 0
    assert others.filter(withdrawn_by=None).count() == 2
    assert set(colours.colours([fact.person_id for fact in own]).values()) == {GREEN}
    assert Evidence.objects.filter(kind=EvidenceKind.CASE, withdrawn_by=None).count() == 2


def test_what_was_derived_falls_with_a_report(world: World, now: datetime) -> None:
    first, second = people_in(HOME, HOME)
    then = (now - DAY).isoformat()
    batch = report(world, [first], now, "contacts", **{"strength": "close", "from": then})
    fact = colours.fact(second, EvidenceKind.CONTACT, now - DAY, now, "close")
    derived = Evidence.objects.create(
        person_id=second,
        kind=EvidenceKind.CONTACT,
        starts=now - DAY,
        ends=now,
        traits=["close"],
        source=fact.source,
        derived_from=Evidence.objects.get(batch=batch),
    )
    done = withdraw(Recorder.REPORT, batch.pk, by=world.officer, at=now)
    assert isinstance(done, Recomputation)
    act = Act.objects.get(kind=ActKind.FACTS_WITHDRAWN)
    assert (act.detail["facts"], act.detail["derived"]) == (1, 1)
    derived.refresh_from_db()
    assert derived.withdrawn_by == act
    fact.refresh_from_db()
    assert fact.withdrawn_by is None


def test_many_facts_need_no_more_statements_than_few(world: World, now: datetime) -> None:
    def statements(number: int) -> int:
        then = (now - DAY).isoformat()
        line = {"strength": "close", "from": then}
        batch = report(world, people_in(*[HOME] * number), now, "contacts", **line)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            withdraw_recorded(
                account=world.officer,
                recorder=Recorder.REPORT,
                number=batch.pk,
                ground=GROUND,
                at=now,
            )
        return len(queries)

    SourceGrant.objects.update(reddening_lines_a_day=1000)
    assert statements(2) == statements(300)


def test_the_interface_counts_first_and_then_withdraws(
    officer_client: APIClient, world: World, contacts: Act
) -> None:
    url = f"/api/v1/acts/{contacts.pk}/withdrawal"
    shown = officer_client.get(url)
    assert shown.status_code == 200, shown.content
    assert shown.json() == {
        "facts": 6,
        "derived": 0,
        "others": 0,
        "people": 6,
        "kind": "contact",
        "sources": [{"name": "tracing", "facts": 6}],
        "before": {"green": 0, "yellow": 3, "red": 3},
        "after": {"green": 6, "yellow": 0, "red": 0},
        "worse": 0,
    }
    assert not Evidence.objects.filter(withdrawn_by__isnull=False).exists()
    answer = officer_client.post(url, SENT_GROUND, format="json")
    assert (answer.status_code, answer.json()["facts"]) == (201, 6)
    again = officer_client.post(url, SENT_GROUND, format="json")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/nothing-counts")


def test_what_cannot_be_withdrawn_is_refused(
    officer_client: APIClient,
    client_of: Callable[[Account], APIClient],
    world: World,
    contacts: Act,
) -> None:
    opened = Act.objects.filter(kind=ActKind.TRACING_OPENED).first()
    assert opened is not None
    for path in (f"acts/{opened.pk}", f"acts/{2**62}", "reports/999999"):
        for method in (officer_client.get, officer_client.post):
            answer = method(f"/api/v1/{path}/withdrawal", SENT_GROUND, format="json")
            assert answer.status_code == 404, path
    elsewhere = client_of(staff("shanghai", Role.OFFICER, "31"))
    answer = elsewhere.post(f"/api/v1/acts/{contacts.pk}/withdrawal", SENT_GROUND, format="json")
    assert answer.json()["type"] == "/problems/outside-your-area"
    assert not Evidence.objects.filter(withdrawn_by__isnull=False).exists()


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "This affects 6 people."), ("zh-hans", "涉及6人。")],
)
def test_the_desk_leads_to_a_page_that_withdraws(
    world: World, contacts: Act, language: str, said: str
) -> None:
    browser = Client()
    browser.force_login(world.officer)
    browser.cookies["language"] = language
    link = f"/officer/withdrawal?of=act&amp;number={contacts.pk}"
    assert link in browser.get("/officer").content.decode()
    page = browser.get(link.replace("&amp;", "&")).content.decode()
    assert said in page
    sent = {"of": "act", "number": str(contacts.pk), **SENT_GROUND}
    assert browser.post("/officer/withdrawal", {**sent, "ground": "."}).status_code == 422
    answer = browser.post("/officer/withdrawal", sent)
    done = Recomputation.objects.latest("pk")
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/officer/recomputations/{done.pk}",
    )
    assert browser.post("/officer/withdrawal", sent | {"of": "neither"}).status_code == 422
    assert browser.get("/officer/withdrawal").status_code == 200
