"""In real browsers: a second parent joins, a family moves, and a misspelt name is corrected."""

import uuid
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, Playwright, expect

from healthcode.tools.demo.logins import OFFICER, RESIDENT_PHONE
from tests.live.browsers import phone, picture_of
from tests.live.service import LiveService
from tests.live.staff_pages import log_in as log_in_as_staff
from tests.live.test_end_to_end import one_time_code, pick

SECOND_PHONE = "13712345678"
NEW_HOME, NEW_NAME = "330203", "李小川"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service only for this module, because it changes who people are."""
    live = LiveService(tmp_path_factory.mktemp("registrations") / "var")
    live.start()
    yield live
    live.stop()


def log_in(own: LiveService, page: Page, number: str) -> None:
    page.goto(f"{own.base_url}/login")
    page.fill("#phone", number)
    page.click("main form button.wide")
    page.fill("#otp", one_time_code(own))
    page.click("main form button.wide")
    if number == RESIDENT_PHONE:
        page.fill("#document_last4", own.demo["resident"]["document_last4"])
        page.click("main form button.wide")
    page.wait_for_url("**/me")


@pytest.fixture(scope="module")
def parents_phone(
    own: LiveService, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What the browser of the demo's resident has stored after the login."""
    kept = tmp_path_factory.mktemp("phone") / "kept.json"
    with phone(playwright) as page:
        log_in(own, page, RESIDENT_PHONE)
        page.context.storage_state(path=kept)
    return kept


def people(own: LiveService) -> dict[str, dict[str, Any]]:
    """Return the demo's family by relation, for the resident's token."""
    found = own.call("GET", "/api/v1/people", token=own.demo["resident"]["token"]).body
    return {one["relation"]: one for one in found}


def code_on(own: LiveService, page: Page, person: int) -> str:
    """Return the code that a phone shows, as a scanner reads it."""
    page.goto(f"{own.base_url}/people/{person}/code")
    canvas = page.locator("#live canvas")
    expect(canvas).to_be_visible()
    picture: Image.Image = picture_of(canvas)
    (found,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return str(found.text)


def outcome(own: LiveService, code: str) -> str:
    """Return what a door says to a code."""
    scan = {"id": str(uuid.uuid4()), "code": code}
    token = own.demo["device"]["token"]
    return str(own.call("POST", "/api/v1/scans", token=token, json_body=scan).body["outcome"])


def test_a_second_parent_joins_and_both_phones_pass(
    own: LiveService, playwright: Playwright, parents_phone: Path
) -> None:
    child = people(own)["child"]["id"]
    well = {"person": child, "symptoms": [], "stays": [], "contact_with_case": False}
    own.call("POST", "/api/v1/declarations", token=own.demo["resident"]["token"], json_body=well)
    with phone(playwright, kept=parents_phone) as first, phone(playwright) as second:
        first.goto(f"{own.base_url}/me")
        first.click(f"a[href='/people/{child}/guardians']")
        first.click("button[name=make]")
        expect(first.locator(".short-code")).to_be_visible()
        picture = first.locator(".short-code-picture svg").screenshot()
        (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture)))

        log_in(own, second, SECOND_PHONE)
        second.goto(found.text)
        expect(second.locator("#code")).to_have_value(first.inner_text(".short-code"))
        assert "#" not in second.url
        second.check("[name=relation][value=child]")
        second.click("main form button.wide")
        second.wait_for_url("**/me")

        first.reload()
        codes = [code_on(own, page, child) for page in (first, second, first)]
        assert [outcome(own, code) for code in codes] == ["pass"] * 3
        first.goto(f"{own.base_url}/people/{child}/guardians")
        expect(first.locator("main ul li")).to_have_count(2)


def test_a_family_moves(own: LiveService, playwright: Playwright, parents_phone: Path) -> None:
    child = people(own)["child"]["id"]
    with phone(playwright, kept=parents_phone) as page:
        page.goto(f"{own.base_url}/me")
        page.click(f"a[href='/people/{child}/data']")
        page.click(f"a[href='/people/{child}/home']")
        pick(page.locator("area-picker"), NEW_HOME)
        page.click("main form button.wide")
        page.wait_for_url("**/data")
        expect(page.locator("main")).to_contain_text("宁波市海曙区")
    assert people(own)["child"]["home_area"] == NEW_HOME


def test_a_misspelt_name_is_corrected_at_the_desk_and_the_person_reads_it(
    own: LiveService, playwright: Playwright, parents_phone: Path
) -> None:
    parent = people(own)["parent"]["id"]
    with phone(playwright) as desk:
        log_in_as_staff(own, desk, OFFICER)
        desk.click("a[href='/officer/correction']")
        desk.fill("#person", str(parent))
        desk.click("button[value=look]")
        expect(desk.locator("#known")).to_be_visible()
        desk.fill("#name", NEW_NAME)
        desk.check("[name=document_seen]")
        desk.click("button[value=correct]")
        expect(desk.locator(".notice.success")).to_be_visible()
    with phone(playwright, kept=parents_phone) as page:
        page.goto(f"{own.base_url}/me")
        page.click(f"a[href='/people/{parent}/data']")
        expect(page.locator("#acts + p + ul li")).to_contain_text("更正登记信息 · 姓名")
        expect(page.locator("h1")).to_contain_text("李*")
