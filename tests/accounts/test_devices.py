"""Where somebody is logged in, and how that ends."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts import devices, logins, services
from accounts.authentication import digest
from accounts.models import Account, KnownDevice, Role, Token
from tests.accounts.conftest import LastCode, api_client
from tests.accounts.people import PHONE, WANG

pytestmark = pytest.mark.django_db

ON_A_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"
ON_A_COMPUTER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def browser(agent: str, number: int, last_code: LastCode) -> Client:
    """Return a browser in which the holder has logged in, at an address of its own."""
    page = Client(headers={"User-Agent": agent}, REMOTE_ADDR=f"198.18.0.{number}")
    page.cookies["language"] = "en"
    page.post("/login", {"phone": PHONE})
    page.post("/login/code", {"otp": last_code()})
    page.post("/login/check", {"document_last4": WANG["id_number"][-4:]})
    assert page.get("/me").status_code == 200
    return page


def program(number: int, last_code: LastCode) -> Client:
    """Return a program with a token that it got by logging in."""
    caller = Client(REMOTE_ADDR=f"198.18.0.{number}")
    sent = caller.post("/api/v1/auth/otp", {"phone": PHONE}, content_type="application/json")
    body = {"phone": PHONE, "otp": last_code(), "login": sent.json()["login"]}
    asked = caller.post("/api/v1/auth/login", body, content_type="application/json").json()
    answer = {"step_up": asked["step_up"], "document_last4": WANG["id_number"][-4:]}
    done = caller.post("/api/v1/auth/step-up", answer, content_type="application/json").json()
    return Client(headers={"Authorization": f"Bearer {done['token']}"})


@pytest.fixture
def holder(areas: None) -> Account:
    """The account of Wang. One that looks after nobody is logged in with one device at a time."""
    account, now = services.resident_account(phone=f"+86{PHONE}"), timezone.now()
    services.register_person(account=account, relation="self", phone=None, **WANG, at=now)
    return account


def test_who_had_the_telephone_before_somebody_was_registered_is_logged_out(
    areas: None, last_code: LastCode
) -> None:
    """Nobody is asked for a document then, so they could wait until there is something to see."""
    account = services.resident_account(phone=f"+86{PHONE}")
    for address in ("before", "now"):
        started = logins.start_login(phone=PHONE, address=address, at=timezone.now())
        done = logins.log_in(
            phone=PHONE,
            otp=last_code(),
            login=started.login,
            address=address,
            at=timezone.now(),
        )
    [device] = devices.devices_of(account)
    assert [token.device for token in account.tokens.all()] == [device]
    assert bytes(Token.objects.get().digest) == digest(done.token)


def test_a_browser_ends_another_one(holder: Account, last_code: LastCode) -> None:
    mine, other = browser(ON_A_PHONE, 1, last_code), browser(ON_A_COMPUTER, 2, last_code)
    html = mine.get("/me/devices").content.decode()
    assert "Browser on a phone <small>this one</small>" in html
    assert "Browser on a computer" in html
    there = KnownDevice.objects.get(kind="computer")
    assert mine.post("/me/devices", {"end": there.pk})["Location"] == "/me/devices"
    assert other.get("/me").status_code == 302
    assert mine.get("/me").status_code == 200
    assert [row.kind for row in KnownDevice.objects.all()] == ["phone"]


def test_all_others_end_also_those_without_a_row(holder: Account, last_code: LastCode) -> None:
    mine, other, app = (
        browser(ON_A_PHONE, 1, last_code),
        browser(ON_A_COMPUTER, 2, last_code),
        program(3, last_code),
    )
    older = browser(ON_A_COMPUTER, 4, last_code)
    KnownDevice.objects.order_by("-id")[0].delete()
    assert older.get("/me").status_code == 200
    token = api_client(Account.objects.get())
    assert mine.post("/me/devices").status_code == 302
    assert [page.get("/me").status_code for page in (mine, other, older)] == [200, 302, 302]
    assert [caller.get("/api/v1/people").status_code for caller in (app, token)] == [401, 401]
    assert "this one" in mine.get("/me/devices").content.decode()
    [row] = KnownDevice.objects.all()
    assert row.kind == "phone"


def test_a_program_lists_and_ends_devices(holder: Account, last_code: LastCode) -> None:
    app, page, second = (
        program(1, last_code),
        browser(ON_A_PHONE, 2, last_code),
        program(3, last_code),
    )
    listed = app.get("/api/v1/auth/devices").json()
    assert [(row["kind"], row["is_this"]) for row in listed] == [
        ("program", False),
        ("phone", False),
        ("program", True),
    ]
    assert app.delete(f"/api/v1/auth/devices/{listed[0]['id']}").status_code == 204
    assert second.get("/api/v1/people").status_code == 401
    assert app.delete("/api/v1/auth/devices").status_code == 204
    assert page.get("/me").status_code == 302
    assert [row["is_this"] for row in app.get("/api/v1/auth/devices").json()] == [True]


def test_nobody_ends_a_device_of_somebody_else(holder: Account, last_code: LastCode) -> None:
    mine, page = program(1, last_code), browser(ON_A_PHONE, 2, last_code)
    now = timezone.now()
    other, _token = devices.remember(
        account=services.resident_account(phone="+8613900139000"),
        device=None,
        kind=devices.DeviceKind.PHONE,
        at=now,
    )
    assert mine.delete(f"/api/v1/auth/devices/{other.pk}").status_code == 404
    assert page.post("/me/devices", {"end": other.pk}).status_code == 404
    assert KnownDevice.objects.filter(pk=other.pk).exists()


def test_an_ended_device_is_unknown(areas: None, last_code: LastCode) -> None:
    started = logins.start_login(phone=PHONE, at=timezone.now())
    done = logins.log_in(phone=PHONE, otp=last_code(), login=started.login, at=timezone.now())
    [row] = KnownDevice.objects.all()
    assert done.device
    asked = {"phone_index": bytes(Account.objects.get().phone_index or b""), "at": timezone.now()}
    assert devices.known_device([done.device], **asked) == row
    devices.end_device(account=row.account, device_id=row.pk, at=timezone.now())
    assert devices.known_device([done.device], **asked) is None


def test_staff_keep_their_password(areas: None) -> None:
    services.add_staff(
        username="staff",
        password="correct horse battery",
        role=Role.VENUE_MANAGER,
        area="",
        at=timezone.now(),
    )
    pages = [Client(headers={"User-Agent": ON_A_COMPUTER}) for _ in range(2)]
    right = {"username": "staff", "password": "correct horse battery"}
    for page in pages:
        assert page.post("/staff/login", right).status_code == 302
    assert pages[0].post("/me/devices").status_code == 302
    assert [page.get("/venues").status_code for page in pages] == [200, 302]
    assert pages[1].post("/staff/login", right).status_code == 302
