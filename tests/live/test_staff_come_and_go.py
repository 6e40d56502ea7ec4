"""An officer comes, works and leaves, in Chromium alone. Each step is an act.

All of it happens in a province where the demo has nobody, so that it disturbs no other test.
"""

from contextlib import closing
from datetime import datetime, timedelta
from typing import Final

import psycopg2
from playwright.sync_api import Page, Playwright, expect

from healthcode.web.days import SHANGHAI
from tests.live.browsers import phone
from tests.live.service import LiveService
from tests.live.staff_pages import VirtualAuthenticator, log_in, use_passkey
from tests.live.test_staff_logins import PASSWORD, give_ground
from tests.live.test_venue_changes_hands import take_step

PROVINCE, CITY, COUNTY = "32", "3201", "320102"
FIRST, HEAD, NEWCOMER = "demo.administrator", "head.of.32", "newcomer.of.3201"
VENUE = "玄武湖游客中心"
EXPECTED: Final = [
    ("staff-granted", FIRST, None),
    ("staff-granted", FIRST, None),
    ("staff-granted", HEAD, FIRST),
    ("levels-published", NEWCOMER, None),
    ("staff-granted", HEAD, None),
    ("venue-changed", HEAD, None),
    ("venue-handed-over", NEWCOMER, HEAD),
    ("role-taken-back", HEAD, None),
    ("account-closed", HEAD, None),
]
"""The acts in their order: kind, who did it, and the second person."""


def acts(service: LiveService, *, after: int) -> list[tuple[int, str, str, str | None]]:
    """Return number, kind, account and second person of the acts after one, from the database."""
    address = service.environment()["DATABASE_URL"]
    with closing(psycopg2.connect(address)) as server, server.cursor() as cursor:
        cursor.execute(
            "SELECT act.id, act.kind, one.username, second.username FROM accounts_act act"
            " JOIN accounts_account one ON one.id = act.account_id"
            " LEFT JOIN accounts_account second ON second.id = act.confirmed_by_id"
            " WHERE act.id > %s ORDER BY act.id",
            [after],
        )
        return list(cursor.fetchall())


def give_role(service: LiveService, page: Page, name: str, role: str, area: str) -> None:
    page.goto(f"{service.staff_url}/administration/grant?area={area}&username={name}")
    page.select_option("[name=role]", role)
    give_ground(page)
    page.click("main form:has([name=role]) button.wide")
    page.wait_for_url(lambda url: "/administration/grant" not in url)


def begin(page: Page, link: str, goal: str) -> None:
    """Open an invitation, choose the password, and set up a passkey."""
    page.goto(link)
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    VirtualAuthenticator(page)
    page.click("main form button.button")
    page.wait_for_url("**/staff/second-factor/first*")
    use_passkey(page)
    page.wait_for_url(f"**{goal}")


def link_of(page: Page) -> str:
    page.click("button[value=link]")
    return page.locator("section:has(#link) code").inner_text()


def publish_a_level(page: Page) -> None:
    """Publish a level from tomorrow for a county where nobody of the demo was."""
    page.click("a[href$='by=table']")
    page.fill("[name=day]", (datetime.now(SHANGHAI).date() + timedelta(days=1)).isoformat())
    give_ground(page)
    page.select_option(f"[name=level-{COUNTY}]", "yellow")
    page.click("button[value=preview]")
    page.check("[name=confirmed]")
    page.click("button[value=publish]")
    page.wait_for_url("**/officer/recomputations/*")


def confirm(service: LiveService, page: Page) -> None:
    """Confirm the proposal that waits, as the second person."""
    page.goto(f"{service.staff_url}/administration")
    page.click(".notice a[href='/officer/proposals']")
    page.locator("main li.card", has_text="等待").locator("a").first.click()
    expect(page.locator("main")).to_contain_text(NEWCOMER)
    form = "form:has(button[value=confirm])"
    page.locator(f"{form} [name=ground_kind]").select_option("operations")
    page.locator(f"{form} [name=ground]").fill("已与本人和所在单位核实")
    page.check(f"{form} [name=checked]")
    page.click(f"{form} button[value=confirm]")
    expect(page.locator("button[value=confirm]")).to_have_count(0)


def open_account(service: LiveService, page: Page) -> None:
    """Find the newcomer among the staff."""
    page.goto(f"{service.staff_url}/administration")
    page.fill("#name", NEWCOMER)
    page.click("form[role=search] button")
    page.get_by_role("link", name=NEWCOMER).first.click()


def add_venue(service: LiveService, page: Page) -> None:
    """Add a venue that the newcomer manages."""
    page.goto(f"{service.staff_url}/administration/venues/add?area={COUNTY}")
    page.fill("[name=name]", VENUE)
    page.fill("[name=username]", NEWCOMER)
    give_ground(page)
    page.click("main form:has([name=kind]) button.wide")
    expect(page.locator("h1")).to_have_text(VENUE)


def hand_over(service: LiveService, newcomer: Page, head: Page) -> None:
    """Offer the venue to the head, who accepts it."""
    newcomer.goto(f"{service.staff_url}/venues")
    newcomer.get_by_role("link", name=VENUE).click()
    newcomer.click("a[href$='/management']")
    take_step(newcomer, "hand-over", "移交这个场所", username=HEAD)
    expect(newcomer.locator("#offer")).to_be_visible()
    head.goto(f"{service.staff_url}/venues")
    head.get_by_role("button", name="接手", exact=True).click()
    expect(head.locator("h1")).to_have_text(VENUE)


def end(page: Page, summary: str) -> None:
    """Do what this part of the account's page is for; then the page has the part no more."""
    part = page.locator("details", has=page.get_by_text(summary, exact=True))
    part.locator("summary").click()
    part.locator("[name=ground_kind]").select_option("operations")
    part.locator("[name=ground]").fill("本人已经调离，单位已经来函")
    part.locator("button").click()
    expect(part).to_have_count(0)


def test_an_officer_comes_works_and_leaves(service: LiveService, playwright: Playwright) -> None:
    with phone(playwright) as first, phone(playwright) as head, phone(playwright) as newcomer:
        log_in(service, first, FIRST, goal="/administration")
        before = max(number for number, *_ in acts(service, after=0))
        give_role(service, first, HEAD, "administrator", PROVINCE)
        begin(head, link_of(first), "/administration")
        give_role(service, first, HEAD, "venue_manager", PROVINCE)

        give_role(service, head, NEWCOMER, "officer", CITY)
        expect(head.locator("main")).to_contain_text("第二人")
        confirm(service, first)
        open_account(service, head)
        begin(newcomer, link_of(head), "/officer")
        publish_a_level(newcomer)
        give_role(service, head, NEWCOMER, "venue_manager", CITY)
        add_venue(service, head)
        hand_over(service, newcomer, head)

        open_account(service, head)
        end(head, "收回：防控人员 · 江苏省南京市")
        newcomer.goto(f"{service.staff_url}/officer")
        expect(newcomer.locator("main")).not_to_contain_text("发布风险地图")
        end(head, "停用账号")
        newcomer.goto(f"{service.staff_url}/venues")
        newcomer.wait_for_url("**/staff/login**")
        newcomer.fill("[name=username]", NEWCOMER)
        newcomer.fill("[name=password]", PASSWORD)
        newcomer.click("main form button.button")
        expect(newcomer.locator("[role=alert]")).to_be_visible()
    assert [row[1:] for row in acts(service, after=before)] == EXPECTED
