"""The residents' pages: what they ask, what they store, what they explain."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from accounts.services import name_institution
from healthcode.areas.models import Level
from healthcode.areas.services import publish_levels
from healthcode.evidence import declarations
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.services import NewFact, record
from healthcode.web.days import SHANGHAI
from tests.acts import act_of
from tests.evidence.conftest import HOME, World

pytestmark = pytest.mark.clock

NOTHING_WRONG = {"unwell": "no", "contact": "no", "elsewhere": "no"}


@pytest.fixture
def browser(world: World) -> Client:
    """Zhang San's browser, logged in, in English."""
    client = Client()
    client.force_login(world.zhang)
    client.cookies["language"] = "en"
    return client


def test_declaring_at_home_takes_three_answers(browser: Client, world: World) -> None:
    url = f"/people/{world.person.pk}/declare"
    assert browser.get(url).status_code == 200
    answer = browser.post(url, NOTHING_WRONG, follow=True)
    assert answer.redirect_chain == [(f"/people/{world.person.pk}/colour", 302)]
    assert "Green" in answer.content.decode()
    stay = Evidence.objects.get(person=world.person, kind=EvidenceKind.STAY)
    assert (stay.area_id, stay.ends) == (HOME, None)


def test_places_elsewhere_are_all_that_counts(browser: Client, world: World, now: datetime) -> None:
    day = (now - timedelta(days=2)).date().isoformat()
    places = {"places": "3", "area-0": "330203", "from-0": day, "to-0": day, "area-1": ""}
    url = f"/people/{world.person.pk}/declare"
    answer = browser.post(url, {**NOTHING_WRONG, "elsewhere": "yes", **places})
    assert answer.status_code == 302
    stay = Evidence.objects.get(person=world.person, kind=EvidenceKind.STAY)
    assert stay.area_id == "330203"
    assert stay.ends is not None
    assert stay.ends - stay.starts == timedelta(days=1)


def test_one_more_place_keeps_what_was_typed(browser: Client, world: World) -> None:
    url = f"/people/{world.person.pk}/declare"
    sent = {"unwell": "no", "elsewhere": "yes", "places": "1", "from-0": "2020-02-03", "more": "1"}
    answer = browser.post(url, sent)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Place 2" in page
    assert "2020-02-03" in page
    assert not Evidence.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"unwell": ""}, "Please choose yes or no."),
        ({"contact": "perhaps"}, "Please choose yes or no."),
        ({"unwell": "yes"}, "Please choose at least one symptom."),
        ({"unwell": "yes", "symptoms": "hunger"}, "Choose one of: fever, cough"),
        ({"temperature": "370"}, "between 34 and 43"),
        ({"elsewhere": "yes", "places": "1"}, "Please choose at least one place."),
        ({"elsewhere": "yes", "places": "9" * 9999}, "Please choose at least one place."),
        (
            {"elsewhere": "yes", "places": "1", "area-0": "330203", "from-0": "2999-01-01"},
            "Place 1: First day: This date is in the future.",
        ),
        (
            {"elsewhere": "yes", "places": "1", "area-0": "330203", "from-0": "today"},
            "Place 1: First day: Give a date",
        ),
        (
            {"elsewhere": "yes", "places": "1", "area-0": "", "from-0": "2020-02-03"},
            "Place 1: Please choose the area down to the county",
        ),
        (
            {"elsewhere": "yes", "places": "1", "area-0": "999999", "from-0": "{today}"},
            "We do not know this area.",
        ),
    ],
)
def test_a_form_with_a_fault_stores_nothing_and_says_where(
    browser: Client, world: World, changes: dict[str, str], sentence: str
) -> None:
    url = f"/people/{world.person.pk}/declare"
    today = datetime.now(SHANGHAI).date().isoformat()
    sent = {name: value.replace("{today}", today) for name, value in changes.items()}
    answer = browser.post(url, {**NOTHING_WRONG, **sent})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Evidence.objects.exists()


def test_checking_in_is_a_temperature_and_a_button(browser: Client, world: World) -> None:
    url = f"/people/{world.person.pk}/check-in"
    assert browser.get(url).status_code == 200
    assert browser.post(url, {"temperature": "36.5", "well": "1"}).status_code == 302
    assert Evidence.objects.get(kind=EvidenceKind.CHECK_IN).traits == ["healthy"]
    again = browser.post(url, {"temperature": "36.5", "well": "1"})
    assert again.status_code == 409
    assert "Today&#x27;s check-in is already done" in again.content.decode()


def test_a_check_in_without_a_temperature_is_asked_for_it(browser: Client, world: World) -> None:
    url = f"/people/{world.person.pk}/check-in"
    answer = browser.post(url, {"well": "1"})
    assert answer.status_code == 422
    assert "Give the temperature" in answer.content.decode()


def test_why_names_the_reason_the_rule_and_what_is_missing(browser: Client, world: World) -> None:
    person = world.person.pk
    browser.post(f"/people/{person}/declare", {**NOTHING_WRONG, "contact": "yes"})
    browser.post(f"/people/{person}/check-in", {"temperature": "36.5", "well": "1"})
    page = browser.get(f"/people/{person}/why").content.decode()
    fact = Evidence.objects.get(kind=EvidenceKind.DECLARATION)
    for words in (
        "you declared contact with a case",
        "1 of 14 healthy check-ins are done",
        f"Evidence number {fact.pk} (rule declared-contact of policy version 2)",
        "12345",
    ):
        assert words in page


def test_why_says_who_said_it_in_both_languages(browser: Client, world: World) -> None:
    fever = {"unwell": "yes", "symptoms": "fever"}
    for person in (world.person.pk, world.child.pk):
        browser.post(f"/people/{person}/declare", {**NOTHING_WRONG, **fever})
    name_institution(account=world.source, zh="第三医院", en="Third Hospital")
    now = timezone.now()
    fact = NewFact(world.person.pk, EvidenceKind.TEST, now, now, traits=("positive",))
    record(source=world.source, facts=[fact], at=now)
    told = {
        "en": (
            "You reported this yourself on",
            "Somebody who looks after you",
            "Third Hospital re",
        ),
        "zh-hans": ("这是您自己在", "这是照看您的人在", "这是第三医院在"),
    }
    for language, (oneself, guardian, hospital) in told.items():
        browser.cookies["language"] = language
        own = browser.get(f"/people/{world.person.pk}/why").content.decode()
        assert oneself in own
        assert hospital in own
        assert guardian in browser.get(f"/people/{world.child.pk}/why").content.decode()


def test_why_names_the_notice_by_which_a_level_came(browser: Client, world: World) -> None:
    act = act_of(world.officer, at=timezone.now())
    publish_levels(
        act=act,
        effective_from=timezone.now() - timedelta(days=3),
        whole_of=None,
        levels={HOME: Level.RED},
    )
    browser.post(f"/people/{world.person.pk}/declare", NOTHING_WRONG)
    page = browser.get(f"/people/{world.person.pk}/why").content.decode()
    assert f"Public notice no. {act.pk}: Evidence withdrawn" in page
    assert "health authority of the whole country" in page
    assert f'href="/api/v1/log/proof?act={act.pk}"' in page
    Account.objects.filter(pk=world.officer.pk).update(username="wang.fang")
    assert "wang.fang" not in browser.get(f"/people/{world.person.pk}/why").content.decode()


def test_the_same_reason_is_told_once(browser: Client, world: World) -> None:
    person = world.person.pk
    for _ in range(2):
        browser.post(f"/people/{person}/declare", {**NOTHING_WRONG, "contact": "yes"})
    latest = Evidence.objects.filter(kind=EvidenceKind.DECLARATION).latest("starts")
    page = browser.get(f"/people/{person}/why").content.decode()
    assert page.count("you declared contact with a case") == 1
    assert f"Evidence number {latest.pk}" in page


@pytest.mark.parametrize("page", ["colour", "why"])
def test_whoever_has_not_declared_is_asked_to(browser: Client, world: World, page: str) -> None:
    answer = browser.get(f"/people/{world.child.pk}/{page}", follow=True)
    assert answer.redirect_chain == [(f"/people/{world.child.pk}/declare", 302)]
    assert "Please fill in the health declaration first" in answer.content.decode()


def test_a_flood_is_held_off_with_a_sentence(
    browser: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declarations, "DECLARATIONS_A_DAY", 1)
    url = f"/people/{world.person.pk}/declare"
    assert browser.post(url, NOTHING_WRONG).status_code == 302
    answer = browser.post(url, NOTHING_WRONG)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Please try again tomorrow." in answer.content.decode()


@pytest.mark.parametrize("page", ["declare", "check-in", "colour", "why"])
def test_nobody_sees_the_pages_of_others(browser: Client, world: World, page: str) -> None:
    assert browser.get(f"/people/{world.stranger.pk}/{page}").status_code == 404
    assert browser.get(f"/people/{2**70}/{page}").status_code == 404
    assert Client().get(f"/people/{world.person.pk}/{page}").status_code == 302
