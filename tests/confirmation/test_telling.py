"""Whoever can answer an alarm is told by text message, once, and later the area above."""

from datetime import timedelta
from typing import ClassVar

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.errors import SendingFailed
from accounts.models import Account, Grant, Person, Role
from accounts.services import set_open, set_staff_phone
from healthcode.acts.alarm_models import Alarm, AlarmMessage
from healthcode.areas.models import Level
from healthcode.confirmation.metrics import AlarmMetrics
from healthcode.confirmation.services import withdraw_proposal
from healthcode.confirmation.telling import MOST_TRIES, tell_of_alarms
from healthcode.evidence.models import HeldLine
from healthcode.evidence.ndjson import NumberedLine
from healthcode.officers.held_lines.selectors import waiting_lines
from healthcode.officers.held_lines.services import confirm_lines
from healthcode.sources.evidence import report_evidence
from tests.acts import GROUND
from tests.colours import world
from tests.confirmation.conftest import PLACE, Office
from tests.evidence.conftest import reporting

HALF_AN_HOUR = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)


class Phones:
    """A sender that keeps what it sent, and refuses or dies as often as it is told."""

    sent: ClassVar[list[tuple[str, str]]] = []
    refuses: ClassVar[int] = 0
    dies: ClassVar[int] = 0

    def send(self, *, phone: str, text: str) -> None:
        if Phones.dies:
            Phones.dies -= 1
            raise SystemExit
        if Phones.refuses:
            Phones.refuses -= 1
            raise SendingFailed
        Phones.sent.append((phone[-1:], text))


@pytest.fixture(autouse=True)
def phones(settings: LazySettings) -> None:
    settings.SMS_SENDER = f"{__name__}.Phones"
    Phones.sent, Phones.refuses, Phones.dies = [], 0, 0


@pytest.fixture
def watched(db: None) -> Office:
    """The shipped policy; officers of a county, a city, two of the province and of the country."""
    world.publish(world.DEFAULT_TEXT)
    office = Office()
    world.areas("33", "3301")
    for number, (area, name) in enumerate(
        {"330106": "county", "3301": "city", "": "country", "31": "elsewhere"}.items(), 1
    ):
        staff(name, area, number)
    for officer, number in ((office.li, 5), (office.zhou, 6)):
        set_staff_phone(account=officer, phone=f"1380000000{number}")
    return office


def staff(name: str, area: str, number: int, role: Role = Role.OFFICER) -> Account:
    account = Account.objects.create(username=name)
    Grant.objects.create(account=account, role=role, area=area)
    set_staff_phone(account=account, phone=f"1380000000{number}")
    return account


def told(office: Office, minutes: int = 0) -> str:
    """Return the last digits of the telephones that are told now, and forget them."""
    tell_of_alarms(at=office.at + minutes * MINUTE)
    digits = "".join(sorted(phone for phone, _text in Phones.sent))
    Phones.sent.clear()
    return digits


def cases(office: Office, number: int = 6) -> None:
    """Let a hospital report so many cases of the county."""
    hospital = Account.objects.filter(username="hospital").first() or reporting("hospital")
    people = Person.objects.bulk_create([Person(home_area=PLACE) for _ in range(number)])
    line = {"status": "confirmed", "confirmed_at": (office.at - MINUTE).isoformat()}
    lines = [NumberedLine(n, {"person": who.pk, **line}) for n, who in enumerate(people, 1)]
    report_evidence(source=hospital, kind="cases", lines=lines, at=office.at)


def test_at_once_those_of_the_acts_area_who_can_confirm(watched: Office) -> None:
    watched.map({PLACE: Level.RED})
    assert told(watched) == "1"
    assert told(watched) == ""
    message = AlarmMessage.objects.get()
    assert (message.account.username, message.area) == ("county", PLACE)
    assert message.told_at == watched.at


def test_the_area_above_after_half_an_hour(watched: Office) -> None:
    watched.map({PLACE: Level.RED})
    found = [told(watched, minutes) for minutes in (0, 29, 30, 60, 90, 120)]
    assert found == ["1", "", "2", "6", "3", ""]  # not li, who proposed it


def test_of_a_map_of_the_province_its_other_officer_is_told(watched: Office) -> None:
    watched.map({PLACE: Level.RED, "310101": Level.RED}, by=Account.objects.get(username="country"))
    assert told(watched) == ""  # nobody else answers for two provinces


def test_held_lines_climb_from_the_county_to_the_country(watched: Office) -> None:
    cases(watched)
    found = [told(watched, minutes) for minutes in (0, 30, 60, 90, 120)]
    assert found == ["1", "2", "56", "3", ""]


def test_where_nobody_has_a_telephone_the_next_area_is_told_at_once(watched: Office) -> None:
    for name in ("county", "city"):
        set_open(account=Account.objects.get(username=name), is_open=False)
    cases(watched)
    assert told(watched) == "56"


def test_whoever_answers_stops_the_messages(watched: Office) -> None:
    proposal = watched.map({PLACE: Level.RED})
    withdraw_proposal(account=watched.li, proposal_id=proposal.pk, ground=GROUND, at=watched.at)
    assert told(watched, 40) == ""
    cases(watched)
    assert told(watched) == "1"
    batch = HeldLine.objects.get().batch_id
    confirm_lines(
        account=watched.zhou,
        batch_id=batch,
        lines=None,
        fingerprint=waiting_lines(watched.zhou, batch).fingerprint,
        ground=GROUND,
        at=watched.at,
    )
    assert told(watched, 40) == ""


def test_nobody_is_told_of_what_has_expired(watched: Office) -> None:
    watched.map({PLACE: Level.RED})
    assert told(watched, 24 * 60) == ""


def test_an_administrator_who_cannot_confirm_is_not_told(watched: Office) -> None:
    staff("administrator", PLACE, 9, Role.ADMINISTRATOR)
    watched.map({PLACE: Level.RED})
    assert told(watched) == "1"


def test_the_text_names_nobody(watched: Office) -> None:
    watched.map({PLACE: Level.RED})
    tell_of_alarms(at=watched.at)
    ((_phone, text),) = Phones.sent
    alarm = Alarm.objects.get()
    assert f"/officer/proposals/{alarm.proposal_id}" in text
    assert GROUND.text not in text
    assert all(str(name) not in text for name in (watched.li.username, watched.zhou.username))


def test_a_refused_message_is_tried_again_a_few_times(watched: Office) -> None:
    watched.map({PLACE: Level.RED})
    Phones.refuses = 2
    assert [told(watched, minutes) for minutes in range(4)] == ["", "", "1", ""]
    assert AlarmMessage.objects.get().tries == 3
    AlarmMessage.objects.update(told_at=None, is_refused=True, tries=1)
    Phones.refuses = 100
    for minute in range(10):
        told(watched, minute)
    assert Phones.refuses == 100 - (MOST_TRIES - 1)


def test_a_message_is_not_sent_again_when_the_worker_dies(watched: Office) -> None:
    watched.map({PLACE: Level.RED})
    Phones.dies = 1
    with pytest.raises(SystemExit):
        tell_of_alarms(at=watched.at)
    assert told(watched, 1) == ""
    message = AlarmMessage.objects.get()
    assert (message.told_at, message.is_refused) == (None, False)


def waiting() -> dict[str, float]:
    (gauge,) = AlarmMetrics().collect()
    return {sample.labels["told"]: sample.value for sample in gauge.samples}


@pytest.mark.clock
def test_desk_and_metric_say_whether_somebody_was_told(
    watched: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("healthcode.confirmation.metrics.timezone.now", lambda: watched.at)
    monkeypatch.setattr("healthcode.officers.desk.pages.timezone.now", lambda: watched.at)
    browser = Client()
    browser.force_login(watched.zhou)
    assert "的警报" not in browser.get("/officer").content.decode()
    cases(watched)
    assert waiting() == {"somebody": 0, "nobody": 1}
    page = browser.get("/officer").content.decode()
    assert "没有人收到短信" in page
    assert "一小时内由同一报送单位将有6人转为红码" in page
    tell_of_alarms(at=watched.at)
    assert waiting() == {"somebody": 1, "nobody": 0}
    page = browser.get("/officer").content.decode()
    assert "没有人收到短信" not in page
    assert "county" in page


def test_one_who_has_the_grant_of_the_proposer_for_a_week_is_not_told(watched: Office) -> None:
    Grant.objects.filter(account__username="county").update(
        granted_by=watched.li, granted_at=watched.at - timedelta(days=1)
    )
    watched.map({PLACE: Level.RED})
    assert told(watched) == "2"


def test_one_whose_role_has_ended_is_not_told(watched: Office) -> None:
    county = Account.objects.get(username="county")
    county.grants.create(role=Role.ADMINISTRATOR, area="31")
    county.grants.filter(role=Role.OFFICER).update(ends_at=watched.at)
    watched.map({PLACE: Level.RED})
    assert told(watched) == "2"
