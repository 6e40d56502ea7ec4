"""Staff log in with passkeys and apps, in Chromium with a virtual authenticator."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, Playwright, expect

from healthcode.web.days import SHANGHAI
from tests.accounts.totp import code_of
from tests.live.browsers import phone
from tests.live.service import LiveService
from tests.live.staff_pages import VirtualAuthenticator, log_in, use_passkey

PASSWORD = "correct horse battery"
GROUND = "疫情防控指挥部第9号通告"


def give_ground(page: Page) -> None:
    page.select_option("[name=ground_kind]", "operations")
    page.fill("[name=ground]", GROUND)


def make_officer(service: LiveService, page: Page, username: str) -> str:
    """Make an officer as the demo's administrator; return the link for the password.

    The administrator has made everybody else within the week, so nobody could confirm it yet.
    """
    log_in(service, page, "demo.administrator", goal="/administration/grant?area=33")
    page.fill("[name=username]", username)
    page.select_option("[name=role]", "officer")
    give_ground(page)
    page.click("main form button.button")
    page.wait_for_url("**/administration/accounts/*")
    page.click("button[value=link]")
    return page.locator("section:has(#link) code").inner_text()


def preview_a_map(service: LiveService, page: Page) -> None:
    """Preview a map, as an officer's first work."""
    page.goto(f"{service.staff_url}/officer/map?by=table")
    page.fill("[name=day]", (datetime.now(SHANGHAI).date() + timedelta(days=1)).isoformat())
    give_ground(page)
    page.select_option("[name=level-330922]", "blue")
    page.click("button[value=preview]")
    expect(page.locator(".moves dd")).to_have_text("舟山市嵊泗县")


def test_an_administrator_makes_an_officer_who_sets_up_a_passkey(
    service: LiveService, playwright: Playwright
) -> None:
    """Nobody needs a shell for anything of it."""
    with phone(playwright) as office, phone(playwright) as page:
        page.goto(make_officer(service, office, "live.officer"))
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=again]", PASSWORD)
        authenticator = VirtualAuthenticator(page)
        page.click("main form button.button")
        page.wait_for_url("**/staff/second-factor/first*")
        page.fill("[name=name]", "蓝色钥匙")
        use_passkey(page)
        assert page.url.endswith("/officer")
        preview_a_map(service, page)
        page.click("form[action='/logout'] button")

        page.goto(f"{service.staff_url}/officer")
        page.fill("[name=username]", "live.officer")
        page.fill("[name=password]", PASSWORD)
        page.click("main form button.button")
        page.wait_for_url("**/staff/second-factor")
        use_passkey(page)
        assert page.url.endswith("/officer")
        assert authenticator.passkeys()[0]["signCount"] >= 2

        page.click("a[href='/staff/second-factors']")
        expect(page.locator("h2").first).to_contain_text("蓝色钥匙")
        secret = page.locator("code.token").inner_text()
        page.fill("[name=code]", code_of(secret, datetime.now(UTC)))
        page.click("form:has([name=code]) button")
        expect(page.locator("#own-app")).to_be_visible()


def test_a_locked_authenticator_and_a_browser_without_passkeys_are_sentences(
    service: LiveService, playwright: Playwright
) -> None:
    with phone(playwright) as page:
        authenticator = log_in(service, page, "demo.officer")
        page.click("a[href='/staff/second-factors']")
        authenticator.lock()
        page.click("[data-passkey] [data-part=use]")
        expect(page.locator("[data-part=fault]")).to_contain_text("没有用上通行密钥")
        page.add_init_script("delete window.PublicKeyCredential")
        page.reload()
        expect(page.locator("[data-part=none]")).to_be_visible()
        expect(page.locator("[data-part=use]")).to_be_hidden()
