"""The scanner page without the server: its speed, its clock, and its installation."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from healthcode.tools.run.browser import ensure
from tests.live.browsers import door, phone
from tests.live.service import LiveService, wait_for
from tests.live.test_offline import recorded
from tests.live.video import picture_of

SCANS = "**/api/v1/scans"
SERVER = "**/api/v1/**"
BUNDLE = "**/api/v1/devices/bundle"
BATCH = "**/api/v1/scans/batch"
# It would send the scans itself, and the page's routes would not see them.
WITHOUT_WORKER = 'Object.defineProperty(Navigator.prototype, "serviceWorker", {value: undefined});'
PATIENCE_MS = 60_000
# The time from the first frame with more than an empty desk to the verdict on the screen.
STOPWATCH = """
addEventListener("DOMContentLoaded", () => {
  const video = document.getElementById("video");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 16;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let wasEmpty = false;
  let seen = null;
  const look = (now) => {
    context.drawImage(video, 0, 0, 16, 16);
    const light = context.getImageData(4, 4, 8, 8).data.filter((_, at) => at % 4 === 0);
    const isEmpty = Math.max(...light) - Math.min(...light) < 40;
    if (wasEmpty && !isEmpty) seen = now;
    wasEmpty = isEmpty;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  new MutationObserver(() => {
    const isTold = document.querySelector("#verdict[data-reason]") !== null;
    if (isTold && seen !== null) globalThis.verdictAfterMs ??= performance.now() - seen;
  }).observe(document.getElementById("verdict"), { attributes: true });
});
"""


@pytest.mark.parametrize("judge", ["the server", "the device"])
def test_from_camera_to_verdict(
    service: LiveService,
    playwright: Playwright,
    tmp_path: Path,
    kept: Path,
    code: str,
    judge: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The time is printed and not asserted, because a busy machine is no fault of the page."""
    with door(playwright, tmp_path, picture_of(code), kept=kept) as page:
        page.add_init_script(STOPWATCH)
        if judge == "the device":
            page.goto(f"{service.base_url}/scanner")
            expect(page.locator("#state-data")).to_contain_text("前", timeout=PATIENCE_MS)
            page.route(SERVER, lambda route: route.abort())
        page.goto(f"{service.base_url}/scanner")
        page.wait_for_load_state()
        page.locator("#start").evaluate("start => start.hidden || start.click()")
        page.wait_for_function("() => globalThis.verdictAfterMs", timeout=PATIENCE_MS)
        took = page.evaluate("globalThis.verdictAfterMs")
        reason = page.locator("#verdict").get_attribute("data-reason")
    with capsys.disabled():
        print(f"\n  camera to verdict by {judge}: {took:.0f} ms ({reason})")
    assert took > 0


@pytest.fixture
def slow_clock(service: LiveService, playwright: Playwright, kept: Path) -> Iterator[Page]:
    """The page on a device whose clock is ten minutes slow, after the server's first answer."""
    with phone(playwright, kept=kept) as page:
        page.clock.install(time=datetime.now(UTC) - timedelta(minutes=10))
        page.goto(f"{service.base_url}/scanner")
        expect(page.locator("#state-data")).to_contain_text("前", timeout=PATIENCE_MS)
        yield page


def verdict_on(page: Page, code: str) -> str:
    """Type a code by hand and return the page's verdict."""
    page.locator("details").first.evaluate("(form) => { form.open = true; }")
    page.fill("#typed-code", code)
    page.click("#typing-form button")
    panel = page.locator("#verdict[data-reason]")
    expect(panel).to_be_visible(timeout=10_000)
    said = f"{panel.get_attribute('data-look')} {panel.get_attribute('data-reason')}"
    panel.click()
    return said


def test_a_wrong_clock_is_noticed_and_the_servers_time_counts(slow_clock: Page, code: str) -> None:
    """By the device's own clock, a live code would be dated in the future."""
    expect(slow_clock.locator("#state-clock")).to_contain_text("慢")
    expect(slow_clock.locator("#state-warning")).to_contain_text("请调准")
    slow_clock.route(SERVER, lambda route: route.abort())
    assert verdict_on(slow_clock, code) == "pass ok"


def test_with_a_clock_set_back_nobody_gets_a_pass(slow_clock: Page, code: str) -> None:
    """An old clock revives no expired code: until the server answers, nobody gets a pass."""
    slow_clock.route(SERVER, lambda route: route.abort())
    slow_clock.clock.set_system_time(datetime.now(UTC) - timedelta(hours=3))
    assert verdict_on(slow_clock, code) == "caution stale_data"
    expect(slow_clock.locator("#state-warning")).to_contain_text("往回调过")
    slow_clock.unroute(SERVER)
    expect(slow_clock.locator("#state-warning")).not_to_contain_text(
        "往回调过", timeout=PATIENCE_MS
    )
    expect(slow_clock.locator("#state-queue")).to_have_text("", timeout=PATIENCE_MS)


def test_scans_are_not_sent_to_a_false_server(
    service: LiveService, playwright: Playwright, kept: Path, code: str
) -> None:
    """A false server would otherwise learn who was scanned."""
    taken: list[str] = []
    with phone(playwright, kept=kept) as page:
        page.add_init_script(WITHOUT_WORKER)
        page.goto(f"{service.base_url}/scanner")
        expect(page.locator("#state-data")).to_contain_text("前", timeout=PATIENCE_MS)
        bundle = page.context.request.get(
            f"{service.base_url}/api/v1/devices/bundle",
            headers={"Authorization": f"Bearer {service.demo['device']['token']}"},
        ).json()
        head, body, tail = bundle["bundle"].split(".")
        bundle["bundle"] = f"{head}.{body}.{tail[::-1]}"
        page.route(SERVER, lambda route: route.abort())
        assert verdict_on(page, code) == "pass ok"
        page.route(BATCH, lambda route: (taken.append(route.request.url), route.abort()))
        page.route(BUNDLE, lambda route: route.fulfill(json=bundle))
        expect(page.locator("#state-warning")).to_contain_text("签名", timeout=PATIENCE_MS)
        page.wait_for_timeout(6000)
        expect(page.locator("#state-queue")).to_contain_text("1")
        assert taken == []
        page.unroute(BUNDLE)
        page.unroute(BATCH)
        page.unroute(SERVER)
        expect(page.locator("#state-queue")).to_have_text("", timeout=PATIENCE_MS)


def test_a_clock_set_forward_loses_no_scan(
    service: LiveService, playwright: Playwright, kept: Path, code: str
) -> None:
    """Neither waiting scans, which look old, nor scans that it dates in the future."""
    before = len(recorded(service))
    with phone(playwright, kept=kept) as page:
        page.clock.install(time=datetime.now(UTC))
        page.goto(f"{service.base_url}/scanner")
        expect(page.locator("#state-data")).to_contain_text("前", timeout=PATIENCE_MS)
        page.context.set_offline(True)
        given = [verdict_on(page, code)]
        page.clock.set_system_time(datetime.now(UTC) + timedelta(days=8))
        given.append(verdict_on(page, code))
        expect(page.locator("#state-queue")).to_contain_text("2")
        assert given == ["pass ok", "refuse expired"]
        page.context.set_offline(False)
        wait_for(lambda: len(recorded(service)) >= before + 2)
        expect(page.locator("#state-queue")).to_have_text("", timeout=PATIENCE_MS)
    judged = sorted(row[1:] for row in recorded(service)[before:])
    assert judged == [("pass/ok", "pass/ok"), ("refuse/expired", "pass/ok")]


def test_it_can_be_installed(service: LiveService, playwright: Playwright, tmp_path: Path) -> None:
    """Chromium itself reports no obstacle."""
    browser = playwright.chromium.launch_persistent_context(
        tmp_path / "profile", executable_path=ensure(), args=["--no-sandbox"]
    )
    try:
        page = browser.new_page()
        page.goto(f"{service.base_url}/scanner")
        page.evaluate("() => navigator.serviceWorker.ready")
        session = browser.new_cdp_session(page)
        manifest = session.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert manifest["url"] == f"{service.base_url}/scanner.webmanifest"
        assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    finally:
        browser.close()
