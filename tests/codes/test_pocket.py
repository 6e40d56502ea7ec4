"""The pocket page: it opens without a network, and a copied picture expires within a minute."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from healthcode.codes.models import SigningKey
from healthcode.codes.services import issue_code
from healthcode.core import Colour, Kind, MalformedCode, Reason, decode
from healthcode.residents.declarations.services import declare
from healthcode.residents.subject_access.erasure import erase_at_request
from healthcode.web.days import write_instant
from tests.codes.conftest import FEVERISH, NOON, Resident, at_the_door, register
from tests.codes.test_live_page import browser as browser
from tests.codes.test_live_page import context as context
from tests.codes.test_live_page import holder as holder
from tests.codes.test_live_page import scan

QR_VERSION_16_CHARACTERS = 656


def phone_key() -> dict[str, str]:
    """Return the public half of a new phone key, as a browser exports it."""
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _text(numbers.x), "y": _text(numbers.y)}


def _text(coordinate: int) -> str:
    return base64.urlsafe_b64encode(coordinate.to_bytes(32, "big")).decode().rstrip("=")


def ask(client: Client, person: int, key: object) -> HttpResponse:
    with time_machine.travel(NOON, tick=False):
        return client.post(
            f"/api/v1/people/{person}/phone-code", json.dumps(key), content_type="application/json"
        )


def test_a_code_of_the_day_for_one_phone(zhang: Resident, signing_key: SigningKey) -> None:
    key = phone_key()
    answer = ask(zhang.client, zhang.person.pk, key)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    code = decode(answer.json()["code"]).code
    assert (code.kind, code.colour) == (Kind.LIVE, Colour.GREEN)
    assert code.expires_at - code.issued_at == timedelta(days=1).total_seconds()
    assert code.phone_key is not None
    assert _text(int.from_bytes(code.phone_key[:32], "big")) == key["x"]


@pytest.mark.parametrize(
    "key",
    [
        {},
        [],
        phone_key() | {"crv": "P-384"},
        phone_key() | {"x": ""},
        phone_key() | {"x": "AAAA"},
        phone_key() | {"y": "!" * 43},
        phone_key() | {"y": phone_key()["y"]},
        phone_key() | {"d": phone_key()["x"]},
    ],
    ids=["empty", "list", "curve", "no x", "short", "not Base64", "off the curve", "private"],
)
def test_what_is_no_key_is_explained(zhang: Resident, signing_key: SigningKey, key: object) -> None:
    answer = ask(zhang.client, zhang.person.pk, key)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")


def test_nobody_elses(zhang: Resident, signing_key: SigningKey) -> None:
    stranger = register("李四", "E87654321")
    assert ask(stranger.client, zhang.person.pk, phone_key()).status_code == 404


def test_the_page_asks_with_its_session_and_its_token(
    zhang: Resident, signing_key: SigningKey
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(zhang.account)
    path = f"/people/{zhang.person.pk}/phone-code"
    answer = client.post(path, json.dumps(phone_key()), content_type="application/json")
    assert answer.status_code == 403


@pytest.fixture
def pocket(context: BrowserContext, live_server: LiveServer, holder: Resident) -> Page:
    """Open the page with the button of the live code."""
    page = context.new_page()
    page.goto(f"{live_server.url}/people/{holder.person.pk}/code")
    page.get_by_role("link", name="Use this code offline").click()
    expect(page.locator("canvas")).to_be_visible()
    page.wait_for_function("caches.match('/pocket')")
    return page


def test_it_opens_without_network_and_signs_anew(pocket: Page, context: BrowserContext) -> None:
    first = scan(pocket)
    assert first.startswith("JK2:")
    assert len(first) <= QR_VERSION_16_CHARACTERS
    assert judged(first, timezone.now()) is Reason.OK
    context.set_offline(True)
    pocket.reload()
    expect(pocket.locator("canvas")).to_be_visible()
    expect(pocket.locator("[data-part=holder]")).to_have_text("张*")
    second = scan(pocket)
    assert second != first
    assert judged(second, timezone.now()) is Reason.OK
    assert decode(second).code == decode(first).code
    expect(pocket.locator("h1")).to_have_text("Green code", use_inner_text=True)


def news(page: Page) -> Locator:
    return page.locator("[role=status][data-part=news]")


def falls_ill(who: Resident) -> None:
    declare(account=who.account, person=who.person, declaration=FEVERISH, at=timezone.now())


def test_a_colour_that_changed_is_taken_anew_while_the_server_answers(
    pocket: Page, holder: Resident, live_server: LiveServer
) -> None:
    """Open the stored page both ways: directly, and with the button of the live code."""
    assert decode(scan(pocket)).code.colour is Colour.GREEN
    falls_ill(holder)
    for address in ("/pocket", f"/pocket#{holder.person.pk}"):
        pocket.goto("about:blank")
        pocket.goto(live_server.url + address)
        expect(pocket.locator("h1")).to_have_text("Yellow code", use_inner_text=True)
        assert decode(scan(pocket)).code.colour is Colour.YELLOW
        expect(news(pocket)).to_have_text("")


def test_a_page_that_stays_open_takes_it_anew(pocket: Page, holder: Resident) -> None:
    falls_ill(holder)
    pocket.evaluate("dispatchEvent(new Event('online'))")
    expect(pocket.locator("h1")).to_have_text("Yellow code", use_inner_text=True)


def test_without_network_it_says_of_when_the_colour_is(
    pocket: Page, context: BrowserContext, holder: Resident
) -> None:
    issued = decode(scan(pocket)).code.issued_at
    falls_ill(holder)
    context.set_offline(True)
    pocket.reload()
    expect(pocket.locator("canvas")).to_be_visible()
    of = write_instant(datetime.fromtimestamp(issued, UTC), "en")
    expect(news(pocket)).to_have_text(
        f"No connection. This is the colour as of {of}; it has not been checked since."
    )
    context.set_offline(False)
    pocket.evaluate("dispatchEvent(new Event('online'))")
    expect(pocket.locator("h1")).to_have_text("Yellow code", use_inner_text=True)
    expect(news(pocket)).not_to_contain_text("not checked")


def test_a_portal_in_between_takes_no_code_away(pocket: Page) -> None:
    """Only the service's own answer removes the code."""
    pocket.route(
        "**/phone-code", lambda route: route.fulfill(status=403, content_type="text/html", body="")
    )
    pocket.reload()
    expect(pocket.locator("canvas")).to_be_visible()
    expect(news(pocket)).to_contain_text("has not been checked since")


def test_erasing_by_its_page_forgets_the_code(
    pocket: Page, context: BrowserContext, holder: Resident, live_server: LiveServer
) -> None:
    pocket.goto(f"{live_server.url}/people/{holder.person.pk}/data")
    pocket.get_by_label("Yes, erase everything").check()
    pocket.locator("form button:has-text('Erase')").click()
    pocket.get_by_label("Last four characters").fill("5678")
    pocket.get_by_role("button", name="Continue").click()
    expect(pocket.get_by_label("Yes, erase everything")).to_be_checked()
    pocket.locator("form button:has-text('Erase')").click()
    expect(pocket.get_by_text("All data about this person has been erased.")).to_be_visible()
    pocket.wait_for_function("caches.has('pocket').then(there => !there)")
    pocket.goto(f"{live_server.url}/pocket")
    expect(news(pocket)).to_contain_text("This phone has no saved code yet")


def test_nothing_is_left_after_logging_out(
    pocket: Page, context: BrowserContext, live_server: LiveServer
) -> None:
    other = context.new_page()
    other.goto(f"{live_server.url}/me")
    other.get_by_role("button", name="Log out").click()
    expect(other.get_by_text("You are logged out.")).to_be_visible()
    other.wait_for_function("caches.has('pocket').then(there => !there)")
    pocket.goto("about:blank")
    pocket.goto(f"{live_server.url}/pocket")
    expect(news(pocket)).to_contain_text("This phone has no saved code yet")
    expect(pocket.locator("canvas")).to_be_hidden()


def test_nothing_is_left_after_erasure(
    pocket: Page, holder: Resident, live_server: LiveServer
) -> None:
    """Somebody erased the person elsewhere; this browser learns it when it next asks."""
    erase_at_request(person_id=holder.person.pk, account=holder.account, at=timezone.now())
    pocket.reload()
    expect(news(pocket)).to_contain_text("This phone is no longer allowed to show this code")
    expect(pocket.locator("canvas")).to_be_hidden()
    pocket.context.set_offline(True)
    pocket.goto("about:blank")
    pocket.goto(f"{live_server.url}/pocket")
    expect(news(pocket)).to_contain_text("This phone has no saved code yet")


def test_a_copy_dies_with_its_minute(pocket: Page) -> None:
    copy = scan(pocket)
    assert judged(copy, timezone.now() + timedelta(minutes=3)) is Reason.EXPIRED
    held = decode(copy).code
    assert held.expires_at > (timezone.now() + timedelta(hours=23)).timestamp()


def test_a_phone_set_ahead_gains_no_more_than_the_day(
    pocket: Page, context: BrowserContext
) -> None:
    """A phone may sign for future minutes; doors refuse such a picture until its minute.

    They refuse all pictures once the code has expired.
    """
    context.set_offline(True)
    pocket.clock.install(time=timezone.now() + timedelta(hours=1))
    pocket.reload()
    expect(pocket.locator("canvas")).to_be_visible()
    ahead = scan(pocket)
    assert judged(ahead, timezone.now()) is Reason.NOT_YET_VALID
    assert judged(ahead, timezone.now() + timedelta(hours=1)) is Reason.OK
    assert judged(ahead, timezone.now() + timedelta(hours=1, minutes=5)) is Reason.EXPIRED
    pocket.clock.set_system_time(timezone.now() + timedelta(hours=25))
    pocket.reload()
    expect(pocket.locator("[role=status]")).to_contain_text("has expired")


def judged(text: str, at: datetime) -> Reason:
    return at_the_door(text, at=at).reason


def test_the_key_cannot_be_taken_out_of_the_phone(pocket: Page) -> None:
    extractable = pocket.evaluate(
        """() => new Promise((resolve) => {
          const opening = indexedDB.open("health-code-pocket");
          opening.onsuccess = () => {
            const held = opening.result.transaction("held").objectStore("held").get("code");
            held.onsuccess = () => resolve(held.result.key.extractable);
          };
        })"""
    )
    assert extractable is False


def test_the_kept_page_names_nobody(live_server: LiveServer, holder: Resident) -> None:
    client = Client()
    client.force_login(holder.account)
    shell = client.get("/pocket").content.decode()
    assert "张" not in shell
    assert "csrf" not in shell


def test_it_can_be_removed(pocket: Page, context: BrowserContext) -> None:
    pocket.get_by_role("button", name="Remove the code from this phone").click()
    expect(pocket.locator("[role=status]")).to_contain_text("This phone has no saved code yet")
    context.set_offline(True)
    pocket.reload()
    expect(pocket.locator("[role=status]")).to_contain_text("This phone has no saved code yet")
    expect(pocket.locator("canvas")).to_be_hidden()


def test_a_day_later_it_says_what_to_do(pocket: Page, context: BrowserContext) -> None:
    context.set_offline(True)
    pocket.clock.install(time=timezone.now() + timedelta(hours=25))
    pocket.reload()
    expect(pocket.locator("[role=status]")).to_contain_text("has expired")
    expect(pocket.locator("canvas")).to_be_hidden()


def test_a_bound_code_is_never_on_paper(zhang: Resident, signing_key: SigningKey) -> None:
    with pytest.raises(MalformedCode):
        issue_code(
            account=zhang.account,
            person_id=zhang.person.pk,
            kind=Kind.PAPER,
            at=NOON,
            phone_key=bytes(64),
        )
