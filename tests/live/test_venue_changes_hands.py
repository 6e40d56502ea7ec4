"""A venue's life in real browsers: added, given to a colleague, closed, and its door is told."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Playwright, expect

from tests.live.browsers import phone
from tests.live.service import LiveService
from tests.live.staff_pages import log_in

PASSWORD = "correct horse battery"
COLLEAGUE = "zhao.lei"
PATIENCE_MS = 60_000


@contextmanager
def administrator(service: LiveService, playwright: Playwright) -> Iterator[Page]:
    """Open the pages of the demo's administrator."""
    with phone(playwright) as page:
        log_in(service, page, "demo.administrator", goal="/administration")
        yield page


def enter(
    service: LiveService, page: Page, name: str, path: str, *, password: str = PASSWORD
) -> None:
    """Log in on the way to a page, and wait until it is there."""
    page.goto(f"{service.staff_url}{path}")
    page.fill("[name=username]", name)
    page.fill("[name=password]", password)
    page.click("main form button.button")
    page.wait_for_url(f"**{path}")


def managers_password(service: LiveService) -> str:
    passwords = json.loads((service.var / "passwords.json").read_text())
    return str(passwords["demo.manager"])


def give_ground(page: Page, form: str) -> None:
    page.locator(f"{form} [name=ground_kind]").select_option("operations")
    page.locator(f"{form} [name=ground]").fill("场所管理员调动，市局来函")


def take_step(page: Page, step: str, summary: str, **fields: str) -> None:
    """Open a form of the page and send it."""
    page.get_by_text(summary, exact=True).first.click()
    form = f"form:has(button[value={step}])"
    for name, value in fields.items():
        page.locator(f"{form} [name={name}]").fill(value)
    give_ground(page, form)
    page.locator(f"{form} button[value={step}]").click()


def hire(service: LiveService, desk: Page, newcomer: Page) -> None:
    """Make the colleague's account, who chooses a password."""
    desk.goto(f"{service.staff_url}/administration/grant?area=3301")
    desk.fill("[name=username]", COLLEAGUE)
    desk.select_option("[name=role]", "venue_manager")
    give_ground(desk, "main form:has([name=role])")
    desk.click("main form:has([name=role]) button.wide")
    desk.click("button[value=link]")
    newcomer.goto(str(desk.locator("code").inner_text()))
    newcomer.fill("[name=password]", PASSWORD)
    newcomer.fill("[name=again]", PASSWORD)
    newcomer.click("main form button.button")
    enter(service, newcomer, COLLEAGUE, "/venues")


def add_venue(service: LiveService, desk: Page, name: str) -> str:
    """Add a venue for the demo's manager; return its number."""
    desk.goto(f"{service.staff_url}/administration/venues/add?area=330106")
    desk.fill("[name=name]", name)
    desk.fill("[name=username]", "demo.manager")
    give_ground(desk, "main form:has([name=kind])")
    desk.click("main form:has([name=kind]) button.wide")
    desk.wait_for_url(re.compile(r"/administration/venues/\d+$"))
    return desk.url.rpartition("/")[2]


def test_a_venue_changes_hands_and_ends(service: LiveService, playwright: Playwright) -> None:
    with (
        administrator(service, playwright) as desk,
        phone(playwright) as old,
        phone(playwright) as new,
        phone(playwright) as door,
    ):
        venue = f"/venues/{add_venue(service, desk, '武林路花店')}"
        hire(service, desk, new)
        enter(service, old, "demo.manager", venue, password=managers_password(service))
        old.fill("[name=label]", "大门")
        old.click(f"form[action='{venue}/devices'] button")
        code = old.locator(".short-code").inner_text()
        door.goto(f"{service.base_url}/scanner#enrol={code}")
        expect(door.locator("#venue")).to_have_text("武林路花店")

        old.goto(f"{service.staff_url}{venue}/management")
        take_step(old, "hand-over", "移交这个场所", username=COLLEAGUE)
        expect(old.locator("#offer")).to_be_visible()
        new.reload()
        new.get_by_role("button", name="接手", exact=True).click()
        new.wait_for_url(f"**{venue}")
        assert old.goto(f"{service.staff_url}{venue}").status == 404  # type: ignore[union-attr]

        new.goto(f"{service.staff_url}{venue}/management")
        take_step(new, "rename", "更改场所名称", name="武林路鲜花店")
        expect(door.locator("#venue")).to_have_text("武林路鲜花店", timeout=PATIENCE_MS)
        take_step(new, "close", "停用这个场所")
        expect(door.locator("#notice")).to_contain_text("这个场所已停用", timeout=PATIENCE_MS)
        expect(door.locator("#enrolment")).to_be_visible()


def test_a_device_leaves_and_the_server_knows(service: LiveService, playwright: Playwright) -> None:
    with (
        phone(playwright) as manager,
        phone(playwright) as door,
    ):
        venue = f"/venues/{service.demo['device']['venue']}"
        enter(service, manager, "demo.manager", venue, password=managers_password(service))
        manager.fill("[name=label]", "要退出的手机")
        manager.click("form[action$='/devices'] button")
        code = manager.locator(".short-code").inner_text()
        door.goto(f"{service.base_url}/scanner#enrol={code}")
        expect(door.locator("#venue")).not_to_be_empty()
        door.get_by_text("手工输入，或退出本场所").click()
        door.get_by_text("退出本场所", exact=True).click()
        door.route("**/devices/token", lambda route: route.abort())
        door.click("#forget")
        expect(door.locator("#notice")).to_contain_text("没能通知服务器")
        expect(door.locator("#venue")).not_to_be_empty()
        door.unroute("**/devices/token")
        door.click("#forget")
        expect(door.locator("#enrolment")).to_be_visible()
        manager.goto(f"{service.staff_url}{venue}")
        row = manager.locator("li.card", has_text="要退出的手机")
        expect(row).to_contain_text("已退出本场所")
