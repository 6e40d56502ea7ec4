"""A case tells whom it met. An officer enters the meetings, takes back mistakes, and confirms."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.core import Colour
from healthcode.tracing import meetings
from healthcode.tracing.errors import AlreadyConfirmed
from healthcode.tracing.kinds import PlaceKind, Strength
from healthcode.tracing.models import Inquiry, Meeting, Presence
from healthcode.tracing.selectors import chain_of
from healthcode.web.errors import Forbidden, InvalidInput, NotFound
from tests.acts import GROUND, SENT_GROUND
from tests.colours import world
from tests.officers.inquiries.test_inquiries import browser_of, client_of
from tests.owner import deleted
from tests.tracing.conftest import MIDDAY, NOW, Town
from tests.tracing.test_inquiries import recompute_all

EVENING = MIDDAY + timedelta(hours=9)


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def tell(town: Town, inquiry: Inquiry, person: int, **members: Any) -> Meeting:
    meeting = {
        "starts": EVENING,
        "ends": EVENING + timedelta(hours=1),
        "ground": GROUND,
    }
    return meetings.declare_meeting(
        account=town.officer, inquiry_id=inquiry.pk, person=person, at=NOW, **meeting | members
    )


def test_whom_the_case_met_becomes_a_close_contact_with_its_provenance(town: Town) -> None:
    (friend,) = world.people(1, home="330203")
    inquiry = town.inquire()

    meeting = tell(town, inquiry, friend)

    inquiry.refresh_from_db()
    assert inquiry.placed_at is None  # the friend's own scans are still to be resolved
    Inquiry.objects.update(placed_at=NOW)
    inquiry.refresh_from_db()
    met = {contact.person: contact for contact in chain_of(inquiry).contacts}[friend]
    assert (met.strength, met.kind, met.starts) == (Strength.CLOSE, PlaceKind.MEETING, EVENING)
    act = meeting.declared_by
    assert (act.kind, act.area, act.ground) == (
        ActKind.MEETING_DECLARED,
        "330106",
        GROUND.text,
    )
    assert act.detail == {"inquiry": inquiry.pk, "case": town.evidence.pk, "person": friend}
    town.confirm(inquiry)
    recompute_all()
    contact = town.contacts()[friend]
    assert contact.derived_from_id == town.evidence.pk
    assert contact.detail["place"] == {"zh": "见面时", "en": "when you met"}
    assert world.colours([friend]) == {friend: Colour.RED}


def test_without_an_end_it_lasted_half_an_hour(town: Town) -> None:
    inquiry = town.inquire()
    tell(town, inquiry, town.flatmate, ends=None)

    (meeting,) = meetings.meetings_of(inquiry)

    assert (meeting.person, meeting.ends - meeting.starts) == (town.flatmate, timedelta(minutes=30))


def test_a_meeting_entered_wrongly_is_taken_back_by_an_act(town: Town) -> None:
    (nobody,) = world.people(1)
    inquiry = town.inquire()
    meeting = tell(town, inquiry, nobody)

    meetings.retract_meeting(
        account=town.officer, inquiry_id=inquiry.pk, meeting_id=meeting.pk, ground=GROUND, at=NOW
    )

    assert nobody not in {contact.person for contact in chain_of(inquiry).contacts}
    assert not meetings.meetings_of(inquiry)
    assert not Presence.objects.filter(person=nobody).exists()
    assert Act.objects.get(kind=ActKind.MEETING_RETRACTED).detail["person"] == nobody
    with pytest.raises(NotFound):
        meetings.retract_meeting(
            account=town.officer,
            inquiry_id=inquiry.pk,
            meeting_id=meeting.pk,
            ground=GROUND,
            at=NOW,
        )


def test_what_cannot_be_is_refused(town: Town) -> None:
    inquiry = town.inquire()
    wrong: list[tuple[int, dict[str, Any], str]] = [
        (town.case, {}, "/person"),
        (10**9, {}, "/person"),
        (town.near, {"starts": inquiry.infectious_until, "ends": None}, "/from"),
        (town.near, {"starts": inquiry.infectious_from - timedelta(hours=1)}, "/from"),
    ]
    for person, members, pointer in wrong:
        with pytest.raises(InvalidInput) as refusal:
            tell(town, inquiry, person, **members)
        errors: Any = refusal.value.members["errors"]
        assert errors[0]["pointer"] == pointer
    assert not Meeting.objects.exists()


def test_only_officers_of_the_cases_home_enter_it_and_only_before_it_is_confirmed(
    town: Town,
) -> None:
    inquiry = town.inquire()
    town.confirm(inquiry)
    with pytest.raises(AlreadyConfirmed):
        tell(town, inquiry, town.flatmate)
    town.officer = world.officer("3302")
    with pytest.raises(Forbidden):
        tell(town, inquiry, town.flatmate)


def test_it_goes_with_the_case(town: Town) -> None:
    inquiry = town.inquire()
    tell(town, inquiry, town.flatmate)

    deleted([town.evidence.pk])

    assert not Meeting.objects.exists()


def test_meetings_over_the_interface(town: Town) -> None:
    client = client_of(town.officer)
    url = f"/api/v1/inquiries/{town.inquire().pk}"
    given = {"person": town.flatmate, "from": "2020-03-03T19:10:00+08:00", **SENT_GROUND}

    entered = client.post(f"{url}/meetings", given, format="json")

    assert entered.status_code == 201
    assert Act.objects.get(pk=entered.json()["act"]).kind == ActKind.MEETING_DECLARED
    (result,) = client.get(url).json()["meetings"]
    assert (result["person"], result["ends"]) == (town.flatmate, "2020-03-03T19:40:00+08:00")
    for change in ({"who": 1}, {"person": 0}, {"from": "soon"}, {"to": "2020-03-03T09:00:00Z"}):
        answer = client.post(f"{url}/meetings", given | change, format="json")
        assert answer.status_code == 422
    retraction = f"{url}/meetings/{result['id']}/retraction"
    assert client.post(retraction, SENT_GROUND, format="json").status_code == 200
    assert client.get(url).json()["meetings"] == []


def test_meetings_on_the_page(town: Town) -> None:
    browser = browser_of(town.officer)
    page = f"/officer/inquiries/{town.inquire().pk}"
    wrong = browser.post(f"{page}/meetings", {"person": "x", "from": "2020-03-03T19:10"})
    assert wrong.status_code == 422
    assert "Give the number of the person" in wrong.content.decode()
    form = {"person": str(town.flatmate), "from": "2020-03-03T19:10", "to": "", **SENT_GROUND}
    early = browser.post(f"{page}/meetings", form | {"from": "2020-01-20T19:10"})
    assert early.status_code == 422
    assert "outside the infectious period" in early.content.decode()

    assert browser.post(f"{page}/meetings", form).headers["Location"] == page

    shown = browser.get(page).content.decode()
    assert f"person {town.flatmate}</strong>, 3 March 2020, 19:10 – 3 March 2020, 19:40" in shown
    meeting = Meeting.objects.get()
    browser.post(
        f"{page}/meetings",
        {"retract": str(meeting.pk), **SENT_GROUND},
    )
    assert "Nothing has been entered." in browser.get(page).content.decode()
