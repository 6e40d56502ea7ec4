"""A telephone changes in real browsers: by a red holder, at a desk, and after a hand-over."""

import re
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from playwright.sync_api import Page, Playwright, expect

from healthcode.tools.demo.people import resident_number
from tests.live.browsers import phone
from tests.live.service import LiveService, wait_for
from tests.live.staff_pages import log_in

SECOND, THIRD, FIFTH = "13900000188", "13900000177", "13900000144"
FOURTH, TAKEN = "13900000155", "13900000166"
HOME = "330106"


@pytest.fixture
def own(behind_proxy: LiveService) -> LiveService:
    """The service whose resident only these tests change."""
    return behind_proxy


def received(own: LiveService, number: str) -> list[str]:
    """Return the text messages that a telephone received, from the log of the demo's sender."""
    text = (own.var / "log" / "web.log").read_text()
    return re.findall(rf"To \*+{number[-2:]}: (.*)", text)


def code_of(own: LiveService, number: str, *, after: int = 0) -> str:
    """Return the code in the message that follows the first `after` ones."""

    def read() -> str:
        codes = re.findall(r"(?<!\d)\d{6}(?!\d)", " ".join(received(own, number)[after:]))
        return codes[-1] if codes else ""

    return wait_for(read)


def enter(
    own: LiveService, page: Page, number: str, *, last4: str = "", network: str = "198.18.0"
) -> None:
    """Log in with a telephone, which has an address of its own; `last4` is of the document."""
    page.set_extra_http_headers({"X-Forwarded-For": f"{network}.{number[-2:]}"})
    before = len(received(own, number))
    page.goto(f"{own.base_url}/login")
    page.fill("#phone", number)
    page.click("main form button.wide")
    page.fill("#otp", code_of(own, number, after=before))
    page.click("main form button.wide")
    if last4:
        page.fill("#document_last4", last4)
        page.click("main form button.wide")
    page.wait_for_url("**/me")


def registered(own: LiveService) -> dict[str, str]:
    """Return what the demo's resident registered, from the export."""
    resident = own.demo["resident"]
    path, token = f"/api/v1/people/{resident['person']}/export", resident["token"]
    asked = own.call("GET", path, token=token).body["step_up"]
    answer = {"step_up": asked, "document_last4": resident["document_last4"]}
    proven = own.call("POST", "/api/v1/auth/step-up", json_body=answer).body["token"]
    file: dict[str, str] = own.call("GET", path, token=proven).body["registration"]
    return file


def turn_red(own: LiveService, person: int) -> None:
    """Let a hospital report that the person has the virus."""
    ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    case = {"person": person, "status": "confirmed", "confirmed_at": ago}
    token = own.demo["source"]["token"]
    done = own.call("POST", "/api/v1/evidence/cases", token=token, json_body=case)
    assert done.status in (201, 202), done.body


def test_a_red_holder_with_dependants_changes_telephones(
    own: LiveService, playwright: Playwright
) -> None:
    """By both telephones, then at a desk when the second one is lost. The old sessions end."""
    resident = own.demo["resident"]
    old, person, token = resident["phone"], resident["person"], resident["token"]
    file, last4 = registered(own), resident["document_last4"]
    turn_red(own, person)
    with phone(playwright) as page, phone(playwright) as desk:
        enter(own, page, old, last4=last4)
        expect(page.locator("main .cards section")).to_have_count(3)
        page.click("a[href='/me/phone']")
        page.fill("#phone", SECOND)
        page.click("main form button.wide")
        page.fill("#otp", code_of(own, SECOND))
        page.fill("#old_otp", "000000")
        page.click("main form button.wide")
        expect(page.locator("#old_otp-fault")).to_be_visible()
        page.fill("#otp", code_of(own, SECOND))
        page.fill("#old_otp", code_of(own, old, after=1))
        page.click("main form button.wide")
        page.wait_for_url("**/me")
        expect(page.locator("main .cards section")).to_have_count(3)
        wait_for(lambda: SECOND[-2:] in received(own, old)[-1])
        assert own.call("GET", "/api/v1/people", token=token).status == 401

        log_in(own, desk, "demo.officer")
        desk.click("a[href='/officer/phone']")
        desk.fill("#name", file["name"])
        desk.select_option("#id_type", file["id_type"])
        desk.fill("#id_number", file["id_number"])
        desk.fill("#phone", THIRD)
        desk.check("[name=document_seen]")
        desk.click("button[value=send]")
        desk.fill("#otp", code_of(own, THIRD))
        desk.click("button[value=change]")
        desk.wait_for_url("**/officer/phone")
        expect(desk.locator("main")).to_contain_text("已经办好")
        wait_for(lambda: THIRD[-2:] in received(own, SECOND)[-1])

        page.goto(f"{own.base_url}/me")
        page.wait_for_url("**/login**")
        enter(own, page, THIRD, last4=last4)
        expect(page.locator("main .cards section")).to_have_count(3)
        page.goto(f"{own.base_url}/people/{person}/colour")
        expect(page.locator("main")).to_contain_text("红码")

        # This telephone is lost, too, but this browser is logged in and was asked a moment ago.
        page.goto(f"{own.base_url}/me/phone")
        page.click("button[name=lost]")
        page.fill("#phone", FIFTH)
        page.click("main form button.wide")
        page.fill("#otp", code_of(own, FIFTH))
        page.click("main form button.wide")
        page.wait_for_url("**/me")
        wait_for(lambda: FIFTH[-2:] in received(own, THIRD)[-1])


def test_who_has_people_under_the_new_number_hands_them_over(
    own: LiveService, playwright: Playwright
) -> None:
    """The sentence that refuses the number names a way, and the way leads to it."""
    with phone(playwright) as mine, phone(playwright) as other:
        enter(own, other, TAKEN)
        seen = {
            "name": "王小宝",
            "id_type": "10",
            "relation": "child",
            "home_area": HOME,
            "id_number": resident_number(HOME, random=Random(330188)),
            "phone": TAKEN,
            "document_seen": True,
            "ground_kind": "document-seen",
            "ground": "户口簿和出生证明已当面核对",
        }
        token = own.demo["officer"]["token"]
        done = own.call("POST", "/api/v1/documents-seen", token=token, json_body=seen)
        child = done.body["person"]

        enter(own, mine, FOURTH)
        mine.goto(f"{own.base_url}/me/phone")
        mine.fill("#phone", TAKEN)
        mine.click("main form button.wide")
        mine.fill("#otp", code_of(own, TAKEN, after=1))
        mine.fill("#old_otp", code_of(own, FOURTH, after=1))
        mine.click("main form button.wide")
        expect(mine.locator("#form-fault")).to_contain_text("新手机号下面已经登记了人")

        other.goto(f"{own.base_url}/people/{child}/guardians")
        other.click("button[name=make]")
        other.fill("#document_last4", seen["id_number"][-4:])
        other.click("main form button.wide")
        other.click("button[name=make]")
        short_code = other.inner_text(".short-code")
        mine.goto(f"{own.base_url}/me/join")
        mine.fill("[name=code]", short_code)
        mine.check("[name=relation][value=child]")
        mine.click("main form button.wide")
        mine.wait_for_url("**/me")
        expect(mine.locator("main .cards section")).to_have_count(1)

        other.goto(f"{own.base_url}/people/{child}/guardians")
        other.click(f"a[href='/people/{child}/let-go']")
        other.click("main form button.wide")
        other.wait_for_url("**/me")
        expect(other.locator("main .cards section")).to_have_count(0)
        other.goto(f"{own.base_url}/people/{child}/code")
        expect(other.locator("main")).not_to_contain_text("王")
