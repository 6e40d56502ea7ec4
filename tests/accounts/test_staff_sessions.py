"""Sessions of staff end after 12 hours, after 30 minutes without use, and without a factor."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import staff_sessions
from accounts.models import OF_PEOPLE, Account, Grant, Role
from accounts.services import add_staff
from accounts.staff_sessions import Over

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def kept(*, began: timedelta, seen: timedelta, proved: bool) -> dict[str, Any]:
    """Return what a session holds that began, and was last used, so long ago."""
    held = {
        "staff_began": int((AT - began).timestamp()),
        "staff_seen": int((AT - seen).timestamp()),
    }
    return {**held, "staff_proved": held["staff_began"]} if proved else held


@pytest.mark.parametrize(
    ("began", "seen", "proved", "role", "over"),
    [
        (0, 0, True, Role.OFFICER, None),
        (12 * 60 - 1, 29, True, Role.OFFICER, None),
        (12 * 60, 0, True, Role.OFFICER, Over.TIME),
        (30, 30, True, Role.ADMINISTRATOR, Over.TIME),
        (0, 0, False, Role.OFFICER, Over.FACTOR),
        (0, 0, False, Role.ADMINISTRATOR, Over.FACTOR),
        (0, 0, False, Role.VENUE_MANAGER, None),
        (12 * 60, 0, False, Role.VENUE_MANAGER, Over.TIME),
    ],
)
def test_when_a_session_is_over(
    began: int, seen: int, proved: bool, role: Role, over: Over | None
) -> None:
    held = kept(began=began * MINUTE, seen=seen * MINUTE, proved=proved)
    assert staff_sessions.why_over(held, {role}, at=AT) == over


@pytest.mark.parametrize("role", sorted(OF_PEOPLE))
def test_a_session_of_an_earlier_version_is_over(role: Role) -> None:
    assert staff_sessions.why_over({}, {role}, at=AT) is Over.TIME


def browser(role: Role) -> tuple[Client, Account]:
    account = add_staff(username="wang", password=None, role=role, area="33", at=timezone.now())
    client = Client()
    client.cookies["language"] = "en"
    client.force_login(account)
    return client, account


def shift(client: Client, name: str, by: timedelta) -> None:
    session = client.session
    session[name] -= int(by.total_seconds())
    session.save()


@pytest.mark.parametrize(
    ("name", "by"), [("staff_seen", 31 * MINUTE), ("staff_began", timedelta(hours=12))]
)
def test_an_old_session_leads_to_the_login_and_back(areas: None, name: str, by: timedelta) -> None:
    client, _account = browser(Role.VENUE_MANAGER)
    assert client.get("/venues").status_code == 200
    shift(client, name, by)
    asked = client.get("/venues?x=1")
    assert asked.headers["Location"] == "/staff/login?next=%2Fvenues%3Fx%3D1"
    shown = client.get(asked.headers["Location"]).content.decode()
    assert "after 30 minutes without a click" in shown
    assert "What you had typed and not sent was not kept" in shown
    assert client.get("/venues").status_code == 302
    assert not Session.objects.filter(session_key=client.session.session_key).exists()


def test_a_session_that_is_used_is_written_once_a_minute(
    areas: None, django_assert_max_num_queries: Any
) -> None:
    client, _account = browser(Role.VENUE_MANAGER)
    before = client.session["staff_seen"]
    client.get("/venues")
    assert client.session["staff_seen"] == before
    shift(client, "staff_seen", 29 * MINUTE)
    client.get("/venues")
    assert client.session["staff_seen"] >= before


def test_a_session_of_staff_ends_in_the_database_too(areas: None) -> None:
    client, _account = browser(Role.OFFICER)
    ends = Session.objects.get(session_key=client.session.session_key).expire_date
    assert abs(ends - timezone.now() - timedelta(hours=12)) < MINUTE
    shift(client, "staff_seen", 2 * MINUTE)
    client.get("/officer")
    assert Session.objects.get(session_key=client.session.session_key).expire_date == ends


def test_whoever_becomes_an_officer_needs_a_factor_at_once(areas: None) -> None:
    client, account = browser(Role.VENUE_MANAGER)
    session = client.session
    del session["staff_proved"]
    session.save()
    assert client.get("/venues").status_code == 200
    Grant.objects.create(account=account, role=Role.OFFICER, area="33")
    asked = client.get("/venues")
    assert asked.headers["Location"].startswith("/staff/login?next=")
    assert "needs a second factor" in client.get(asked.headers["Location"]).content.decode()


def test_residents_stay_logged_in_for_two_weeks(resident: Account) -> None:
    client = Client()
    client.force_login(resident)
    assert client.get("/me").status_code == 200
    ends = Session.objects.get(session_key=client.session.session_key).expire_date
    assert ends - timezone.now() > timedelta(days=13)
