"""An officer changes a level in a real browser, and watches the recomputation to its end."""

from datetime import datetime, timedelta

from playwright.sync_api import Playwright, expect

from healthcode.web.days import SHANGHAI
from tests.live.browsers import phone
from tests.live.service import LiveService
from tests.live.staff_pages import log_in

# An island county, and from tomorrow, so that no colour changes during other tests.
COUNTY = "330922"
PATIENCE_MS = 60_000


def test_an_officer_previews_confirms_and_watches(
    service: LiveService, playwright: Playwright
) -> None:
    tomorrow = datetime.now(SHANGHAI).date() + timedelta(days=1)
    with phone(playwright) as page:
        log_in(service, page, "demo.officer")
        page.click("a[href$='by=table']")
        page.fill("[name=day]", tomorrow.isoformat())
        page.select_option("[name=ground_kind]", "risk-assessment")
        page.fill("[name=ground]", "疫情防控指挥部第8号通告")
        page.select_option(f"[name=level-{COUNTY}]", "yellow")
        page.click("button[value=preview]")
        expect(page.locator(".moves dd")).to_have_text("舟山市嵊泗县")
        expect(page.locator("[name=text]")).to_have_value(f"code,level\n{COUNTY},yellow")

        # Without the tick in the box the browser itself refuses to send the form.
        page.click("button[value=publish]")
        expect(page.locator("[name=confirmed]")).to_be_visible()
        page.check("[name=confirmed]")
        page.click("button[value=publish]")

        page.wait_for_url("**/officer/recomputations/*")
        finished = page.locator("#progress[data-finished]")
        expect(finished).to_be_visible(timeout=PATIENCE_MS)
        expect(finished.locator("strong")).to_have_text("完成")
