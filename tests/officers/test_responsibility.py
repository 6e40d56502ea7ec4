"""An officer may act on a fact by its area, by the person's home, or for the whole issuer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from accounts.errors import OutsideYourArea
from accounts.models import Account, Person, Role
from healthcode.acts.models import Act
from healthcode.colours.decide_many import recompute_people
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.responsibility import answers_for
from healthcode.web.errors import Forbidden
from tests.acts import SENT_GROUND
from tests.areas.conftest import client_of, staff
from tests.colours import world

NOW = datetime.now(UTC)
GUEST = "340103"
GROUND = SENT_GROUND


@pytest.fixture
def guest(country: None) -> Person:
    """Create a person who lives in another province."""
    world.publish()
    return Person.objects.create(home_area=GUEST)


@pytest.fixture
def stay(guest: Person) -> Evidence:
    """Create a stay of the guest in this province."""
    return world.stay(guest.pk, "330382", NOW - timedelta(days=3), NOW)


@pytest.fixture
def case(guest: Person) -> Evidence:
    """Create a case of the guest: a fact without an area."""
    return world.fact(guest.pk, EvidenceKind.CASE, NOW - timedelta(days=3), None, "confirmed")


@pytest.fixture
def old_stay(guest: Person) -> Evidence:
    """Create a stay under a code that has ended."""
    return world.stay(guest.pk, "330103", NOW - timedelta(days=3), NOW)


@pytest.fixture
def facts(stay: Evidence, case: Evidence, old_stay: Evidence) -> dict[str, Evidence]:
    """Return these three facts by name."""
    return {"stay": stay, "case": case, "old_stay": old_stay}


@pytest.mark.parametrize(
    ("area", "fact", "by"),
    [
        (GUEST, "stay", GUEST),
        ("34", "stay", GUEST),
        ("330382", "stay", "330382"),
        ("3303", "stay", "330382"),
        ("33", "stay", "330382"),
        ("", "stay", GUEST),
        ("3301", "stay", None),
        ("330382001", "stay", None),
        ("340104", "stay", None),
        (GUEST, "case", GUEST),
        ("33", "case", "33"),
        ("3303", "case", None),
        ("330105", "old_stay", "330105"),
        ("330103", "old_stay", "330103"),
        ("330102", "old_stay", None),
    ],
)
def test_the_home_the_area_of_the_fact_or_the_issuer(
    facts: dict[str, Evidence], area: str, fact: str, by: str | None
) -> None:
    evidence = facts[fact]
    officer = staff("officer", Role.OFFICER, area)
    url = f"/api/v1/evidence/{evidence.pk}/withdrawal"
    answer = client_of(officer).post(url, GROUND, format="json")
    evidence.refresh_from_db()
    if by is None:
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/outside-your-area")
        assert evidence.withdrawn_by is None
        with pytest.raises(OutsideYourArea):
            answers_for(officer, evidence)
    else:
        assert answer.status_code == 201, answer.content
        assert evidence.withdrawn_by is not None
        assert evidence.withdrawn_by.area == by


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OFFICER])
def test_nobody_but_an_officer_answers_for_anything(stay: Evidence, role: Role) -> None:
    somebody = staff("somebody", role, "" if role is Role.RESIDENT else "33")
    with pytest.raises(Forbidden):
        answers_for(somebody, stay)
    answer = client_of(somebody).post(
        f"/api/v1/evidence/{stay.pk}/withdrawal", GROUND, format="json"
    )
    assert answer.status_code == 403
    assert not Act.objects.filter(kind="evidence-withdrawn").exists()


def opened(client: APIClient, case: Evidence) -> Any:
    return client.post("/api/v1/inquiries", {"case": case.pk, **GROUND}, format="json")


@pytest.mark.parametrize(
    ("area", "may"), [("33", True), (GUEST, True), ("3303", False), ("32", False)]
)
def test_an_inquiry_into_the_case_of_a_guest(case: Evidence, area: str, *, may: bool) -> None:
    client = client_of(staff("officer", Role.OFFICER, area))
    answer = opened(client, case)
    assert answer.status_code == (201 if may else 403), answer.content
    inquiry = opened(client_of(staff("wang", Role.OFFICER, "33")), case).json()["id"]
    assert client.get(f"/api/v1/inquiries/{inquiry}").status_code == (200 if may else 403)
    if may:
        assert Act.objects.filter(kind="tracing-opened").earliest("pk").area == area


@pytest.mark.parametrize(("area", "listed"), [("33", True), ("3401", True), ("3303", False)])
def test_the_list_of_inquiries_is_of_those_for_which_one_answers(
    case: Evidence, client: Client, area: str, *, listed: bool
) -> None:
    inquiry = opened(client_of(staff("wang", Role.OFFICER, "33")), case).json()["id"]
    client.force_login(staff("officer", Role.OFFICER, area))
    page = client.get("/officer/inquiries").content.decode()
    assert (f"/officer/inquiries/{inquiry}" in page) is listed


@pytest.mark.parametrize(("area", "counted"), [("33", True), ("34", True), ("3303", False)])
def test_statistics_count_guests_for_the_issuer(
    guest: Person, settings: Any, area: str, *, counted: bool
) -> None:
    settings.STATISTICS_MIN_GROUP = 1
    recompute_people([guest.pk], at=NOW)
    answer = client_of(staff("officer", Role.OFFICER, area)).get("/api/v1/statistics/colours")
    assert answer.status_code == 200, answer.content
    assert (GUEST in [county["code"] for county in answer.json()["counties"]]) is counted


@pytest.mark.parametrize(("area", "may"), [("33", True), ("34", True), ("3303", False)])
def test_a_guest_is_erased_by_who_answers_for_them(guest: Person, area: str, *, may: bool) -> None:
    staff("officer", Role.OFFICER, area)

    def erase() -> None:
        call_command(
            "erase_person",
            str(guest.pk),
            "--officer=officer",
            "--ground-kind=requested",
            "--ground=Asked for by letter 7",
        )

    if may:
        erase()
    else:
        with pytest.raises(CommandError):
            erase()
    assert Person.objects.filter(pk=guest.pk).exists() is not may


def test_an_account_without_a_role_answers_for_nothing(stay: Evidence) -> None:
    with pytest.raises(Forbidden):
        answers_for(Account.objects.create(username="nobody"), stay)
