"""The pages: logging in, seeing and adding people, staff, language."""

from html.parser import HTMLParser

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.login_models import LimitEvent
from accounts.models import (
    Account,
    Person,
    Role,
)
from tests.accounts.conftest import LastCode
from tests.accounts.people import LI, PHONE, WANG

PASSWORD = "correct horse battery"


@pytest.fixture
def page(areas: None) -> Client:
    """A browser that reads English."""
    client = Client()
    client.cookies["language"] = "en"
    return client


def logged_in(page: Client, last_code: LastCode) -> Client:
    page.post("/login", {"phone": PHONE})
    page.post("/login/code", {"otp": last_code()})
    return page


class Labels(HTMLParser):
    """Collect what a screen reader needs: fields, labels and descriptions."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: set[str] = set()
        self.labels: set[str] = set()
        self.ids: set[str] = set()
        self.described: set[str] = set()
        self.labelled_by: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            assert found["id"] not in self.ids, f"{found['id']} twice"
            self.ids.add(found["id"])
        self.described |= set(found.get("aria-describedby", "").split())
        self.labelled_by |= set(found.get("aria-labelledby", "").split())
        if tag == "label":
            self.labels.add(found.get("for", ""))
        if tag in ("input", "select", "textarea") and found.get("type") not in ("hidden", "radio"):
            self.fields.add(found.get("id", ""))


def assert_readable(response: HttpResponse) -> str:
    """Check that every field has a label and every description exists; return the page."""
    html = response.content.decode()
    labels = Labels(html)
    assert labels.fields <= labels.labels
    assert labels.described | labels.labelled_by <= labels.ids
    return html


def test_a_resident_logs_in_and_goes_where_they_wanted(page: Client, last_code: LastCode) -> None:
    asked = page.get("/me")
    assert asked["Location"] == "/login?next=%2Fme"
    assert '<input type="hidden" name="next" value="/me/add">' in (
        assert_readable(page.get("/login?next=/me/add"))
    )
    sent = page.post("/login", {"phone": PHONE, "next": "/me/add"})
    assert sent["Location"] == "/login/code"
    assert "*********00" in assert_readable(page.get("/login/code"))
    done = page.post("/login/code", {"otp": last_code()})
    assert done["Location"] == "/me/add"
    assert page.get("/me").status_code == 200


@pytest.mark.parametrize("goal", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_login_leads_nowhere_else(page: Client, last_code: LastCode, goal: str) -> None:
    page.post("/login", {"phone": PHONE, "next": goal})
    assert page.post("/login/code", {"otp": last_code()})["Location"] == "/me"


def test_what_is_no_code_is_explained_at_its_field(page: Client, last_code: LastCode) -> None:
    page.post("/login", {"phone": PHONE})
    response = page.post("/login/code", {"otp": "12345"})
    assert response.status_code == 422
    assert 'id="otp-fault" role="alert"' in assert_readable(response)
    assert page.post("/login/code", {"otp": last_code()}).status_code == 302


def test_a_wrong_phone_is_explained_at_its_field(page: Client) -> None:
    response = page.post("/login", {"phone": "123", "next": "/me/add"})
    assert response.status_code == 422
    html = assert_readable(response)
    assert '<input type="hidden" name="next" value="/me/add">' in html
    assert 'id="phone-fault" role="alert"' in html
    assert 'aria-invalid="true"' in html


def test_wrong_codes_are_explained_and_end(page: Client, last_code: LastCode) -> None:
    page.post("/login", {"phone": PHONE})
    wrong = "000000" if last_code() != "000000" else "111111"
    statuses = [page.post("/login/code", {"otp": wrong}).status_code for _attempt in range(6)]
    assert statuses == [401] * 5 + [429]
    again = page.post("/login/code", {"again": "1"})
    assert again.status_code == 429
    assert int(again["Retry-After"]) <= 60
    assert_readable(again)
    LimitEvent.objects.all().delete()
    assert page.post("/login/code", {"again": "1"})["Location"] == "/login/code"
    assert page.post("/login/code", {"otp": last_code()}).status_code == 302


def test_the_code_page_needs_a_phone_first(page: Client) -> None:
    assert page.get("/login/code")["Location"] == "/login"


def test_the_session_holds_no_phone_in_clear(page: Client) -> None:
    page.post("/login", {"phone": PHONE})
    [session] = Session.objects.all()
    assert PHONE not in str(session.get_decoded())


def test_registering_oneself_then_a_child(page: Client, last_code: LastCode) -> None:
    logged_in(page, last_code)
    assert "Nobody is registered" in assert_readable(page.get("/me"))
    assert 'value="self"' in assert_readable(page.get("/me/add"))
    done = page.post("/me/add", {**WANG, "relation": "self", "phone": "", "city": "from a picker"})
    person = Person.objects.get()
    assert done["Location"] == f"/people/{person.id}/declare"
    form = assert_readable(page.get("/me/add?home_area=330108"))
    assert 'value="self"' not in form
    assert 'name="home_area" value="330108"' in form
    page.post("/me/add", {**LI, "relation": "child", "phone": ""})
    html = assert_readable(page.get("/me"))
    for person in Person.objects.all():
        for place in ("code", "declare", "check-in", "why"):
            assert f'href="/people/{person.id}/{place}"' in html
    assert "王*" in html
    assert "李*" in html
    assert WANG["id_number"] not in html


def test_a_form_with_faults_keeps_what_was_typed(page: Client, last_code: LastCode) -> None:
    logged_in(page, last_code)
    typed = {**WANG, "id_number": "330106194805121243", "relation": "self", "phone": "1"}
    response = page.post("/me/add", typed)
    assert response.status_code == 422
    html = assert_readable(response)
    assert "王秀英" in html
    assert "id_number-fault" in html
    response = page.post("/me/add", {"name": "王秀英"})
    assert response.status_code == 422
    assert_readable(response)
    assert not Person.objects.exists()


def test_a_document_of_somebody_else_is_refused_on_the_page(
    page: Client, last_code: LastCode, resident: Account
) -> None:
    LimitEvent.objects.all().delete()
    logged_in(page, last_code)
    page.post("/me/add", {**WANG, "relation": "self"})
    response = page.post("/me/add", {**WANG, "relation": "parent"})
    assert response.status_code == 409
    assert "already registered" in assert_readable(response)


def test_logging_out_takes_a_post(page: Client, last_code: LastCode) -> None:
    logged_in(page, last_code)
    assert page.get("/logout").status_code == 405
    assert page.post("/logout")["Location"] == "/"
    assert page.get("/me").status_code == 302


@pytest.mark.parametrize(
    ("role", "home"),
    [(Role.OFFICER, "/staff/second-factor"), (Role.VENUE_MANAGER, "/venues")],
)
def test_staff_log_in_and_land_where_they_work(page: Client, role: Role, home: str) -> None:
    """An officer shows a second factor first: test_second_factor.py."""
    services.add_staff(username="staff", password=PASSWORD, role=role, area="33", at=timezone.now())
    assert_readable(page.get("/staff/login"))
    wrong = page.post("/staff/login", {"username": "staff", "password": "wrong"})
    assert wrong.status_code == 401
    assert_readable(wrong)
    done = page.post("/staff/login", {"username": "staff", "password": PASSWORD})
    assert done["Location"] == home
    assert page.get("/me").status_code == {"/venues": 403}.get(home, 302)


@pytest.mark.parametrize("username", ["", "\x00", "staff\x00", "员" * 500])
def test_odd_names_are_just_wrong(page: Client, username: str) -> None:
    answer = page.post("/staff/login", {"username": username, "password": "\x00"})
    assert answer.status_code == 401


def test_closed_staff_stay_out(page: Client) -> None:
    services.add_staff(
        username="staff", password=PASSWORD, role=Role.OFFICER, area="33", at=timezone.now()
    )
    Account.objects.update(is_active=False)
    right = {"username": "staff", "password": PASSWORD}
    assert page.post("/staff/login", right).status_code == 401


def test_the_language_is_one_tap_away_and_remembered(areas: None) -> None:
    client = Client()
    assert '<html lang="zh-hans">' in client.get("/login").content.decode()
    done = client.post("/language", {"language": "en", "next": "/login"})
    assert done["Location"] == "/login"
    assert client.cookies["language"]["max-age"]
    assert '<html lang="en">' in client.get("/login").content.decode()


def test_forms_without_their_token_are_refused(resident: Account) -> None:
    """This holds for users who are logged in; strangers are sent to the login before that."""
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/me/add", {"phone": PHONE}).headers["Location"].startswith("/login?next=")
    strict.force_login(resident)
    for address in ("/login", "/login/code", "/logout", "/staff/login", "/me/add", "/language"):
        assert strict.post(address, {"phone": PHONE}).status_code == 403


def test_pages_with_people_are_not_stored_by_browsers(page: Client, last_code: LastCode) -> None:
    logged_in(page, last_code)
    for address in ("/me", "/me/add", "/login", "/login/code", "/staff/login"):
        assert "no-store" in page.get(address)["Cache-Control"]
