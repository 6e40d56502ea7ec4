"""A telephone number changes hands in real browsers, and an old session ends."""

from random import Random
from typing import Final

import pytest
from playwright.sync_api import Page, Playwright, expect

from healthcode.tools.demo.people import resident_number
from tests.live.browsers import phone
from tests.live.service import LiveService
from tests.live.staff_pages import log_in
from tests.live.test_telephones import HOME, code_of, enter, received, turn_red

NAME: Final = "周文静"
GROUND: Final = "居民身份证原件已当面核对"


@pytest.fixture
def own(behind_proxy: LiveService) -> LiveService:
    """The service in which these tests register people of their own."""
    return behind_proxy


class Family:
    """A mother and her child, both of whose documents an officer has seen."""

    def __init__(self, own: LiveService, number: str) -> None:
        self.own, self.number = own, number
        self.document = resident_number(HOME, random=Random(int(number)))
        self.last4 = self.document[-4:]
        childs = resident_number(HOME, random=Random(int(number) + 1))
        self.mother = self._register(NAME, self.document, "self")
        self.child = self._register("周小宝", childs, "child")

    def _register(self, name: str, document: str, relation: str) -> int:
        seen = {"name": name, "id_type": "10", "id_number": document, "home_area": HOME}
        seen |= {"phone": self.number, "relation": relation, "ground": GROUND}
        answer = self.own.call(
            "POST",
            "/api/v1/documents-seen",
            token=self.own.demo["officer"]["token"],
            json_body={**seen, "document_seen": True, "ground_kind": "document-seen"},
        )
        assert answer.status in (200, 201), answer.body
        return int(answer.body["person"])


def not_me(own: LiveService, page: Page, family: Family) -> None:
    """Log in as the next holder of the family's number, who sees nothing of before."""
    page.set_extra_http_headers({"X-Forwarded-For": "198.18.1.1"})
    before = len(received(own, family.number))
    page.goto(f"{own.base_url}/login")
    page.fill("#phone", family.number)
    page.click("main form button.wide")
    page.fill("#otp", code_of(own, family.number, after=before))
    page.click("main form button.wide")
    expect(page.locator("#document_last4")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("周")
    page.check("[name=sure]")
    page.click("button[name=not_me]")
    page.wait_for_url("**/me")
    expect(page.locator("main .cards section")).to_have_count(0)
    for person in (family.mother, family.child):
        for what in ("code", "colour", "why", "data", "guardians"):
            answer = page.goto(f"{own.base_url}/people/{person}/{what}")
            assert answer is not None
            assert answer.status == 404
            expect(page.locator("body")).not_to_contain_text("周")


def expect_whole_family(own: LiveService, page: Page, family: Family) -> None:
    """Expect that the mother, who is red, and her child are on this phone."""
    page.goto(f"{own.base_url}/me")
    expect(page.locator("main .cards section")).to_have_count(2)
    page.goto(f"{own.base_url}/people/{family.mother}/colour")
    expect(page.locator("main")).to_contain_text("红码")


def test_who_is_logged_in_gives_the_account_the_new_number(
    own: LiveService, playwright: Playwright
) -> None:
    """The old holder is red and has a child. The way that "My codes" names leads to the end."""
    with phone(playwright) as mine, phone(playwright) as other:
        enter(own, mine, "13900000221")
        family = Family(own, "13900000221")
        turn_red(own, family.mother)
        not_me(own, other, family)

        mine.goto(f"{own.base_url}/me")
        mine.click(".notice a[href='/me/phone']")
        mine.fill("#phone", "13900000222")
        mine.click("main form button.wide")
        mine.fill("#document_last4", family.last4)
        mine.click("main form button.wide")
        expect(mine.locator("#phone")).to_have_value("13900000222")
        mine.click("main form button.wide")
        mine.fill("#otp", code_of(own, "13900000222"))
        mine.click("main form button.wide")
        mine.wait_for_url("**/me")
        expect(mine.locator("main")).not_to_contain_text("已经归别人使用")
        expect_whole_family(own, mine, family)
        other.goto(f"{own.base_url}/me")
        expect(other.locator("main .cards section")).to_have_count(0)


def test_who_is_logged_in_nowhere_shows_the_document(
    own: LiveService, playwright: Playwright
) -> None:
    with phone(playwright) as mine, phone(playwright) as other, phone(playwright) as desk:
        enter(own, mine, "13900000231")
        family = Family(own, "13900000231")
        turn_red(own, family.mother)
        mine.click("form[action='/logout'] button")
        not_me(own, other, family)

        log_in(own, desk, "demo.officer")
        desk.click("a[href='/officer/phone']")
        desk.fill("#name", NAME)
        desk.fill("#id_number", family.document)
        desk.fill("#phone", "13900000232")
        desk.check("[name=document_seen]")
        desk.click("button[value=send]")
        desk.fill("#otp", code_of(own, "13900000232"))
        desk.click("button[value=change]")
        expect(desk.locator("main")).to_contain_text("已经办好")

        enter(own, mine, "13900000232", last4=family.last4)
        expect_whole_family(own, mine, family)


def test_an_old_session_ends(own: LiveService, playwright: Playwright) -> None:
    """Its holder ends it from the list of devices, to which "My codes" leads."""
    with phone(playwright) as old, phone(playwright) as new:
        enter(own, old, "13900000241")
        family = Family(own, "13900000241")
        enter(own, new, "13900000241", last4=family.last4, network="198.18.2")
        new.click("a[href='/me/devices']")
        expect(new.locator("main .cards section")).to_have_count(2)
        new.click("button[name=end]")
        expect(new.locator("main .cards section")).to_have_count(1)
        old.goto(f"{own.base_url}/people/{family.mother}/code")
        old.wait_for_url("**/login**")
        expect(old.locator("body")).not_to_contain_text("周")
