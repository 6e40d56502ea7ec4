"""Waiting scans survive a browser that is killed and a tab that is closed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from playwright.sync_api import Page, Playwright, expect

from healthcode.core import Colour, Kind
from healthcode.tools.run.browser import ensure
from tests.administration import BY_ADMINISTRATOR
from tests.live.browsers import PHONE
from tests.live.service import ROOT, LiveService, alive, wait_for
from tests.live.test_offline import authority as authority
from tests.live.test_offline import own as own
from tests.live.test_offline import recorded, scan, wait_until_ready
from tests.live.test_offline import shanghai as shanghai
from tests.verifier.authority import Authority

PATIENCE_MS = 60_000
VENUE = "西湖文化广场地铁站"
# Every write to the queue, and what the page showed when it had reached the disk.
WITNESS = """
globalThis.changes = [];
const begin = IDBDatabase.prototype.transaction;
IDBDatabase.prototype.transaction = function (stores, mode, options) {
  const transaction = begin.call(this, stores, mode, options);
  if (mode === "readwrite" && stores === "scans") {
    transaction.addEventListener("complete", () => {
      const isTold = document.querySelector("#verdict:not([hidden])") !== null;
      changes.push([transaction.durability, isTold ? "told" : "not told"]);
    });
  }
  return transaction;
};
"""


class OwnBrowser:
    """Chromium with its own process group and a permanent profile, so that it can be killed."""

    def __init__(self, playwright: Playwright, profile: Path) -> None:
        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--no-first-run",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            f"--window-size={PHONE['width']},{PHONE['height']}",
            "about:blank",
        ]
        # A killed browser leaves a file with its old port behind.
        told = profile / "DevToolsActivePort"
        told.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [ensure(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        port = wait_for(lambda: told.exists() and told.read_text().partition("\n")[0])
        browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        (self.context,) = browser.contexts

    def kill(self) -> None:
        """End all its processes at once, as a flat battery does."""
        family = psutil.Process(self._process.pid).children(recursive=True)
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        for process in alive(family):
            process.kill()


@contextmanager
def started(playwright: Playwright, profile: Path) -> Iterator[OwnBrowser]:
    """Start the browser, and end it afterwards unless the test has killed it."""
    browser = OwnBrowser(playwright, profile)
    try:
        yield browser
    finally:
        if browser._process.poll() is None:
            browser.kill()


def enrol(page: Page, service: LiveService) -> None:
    """Enrol this browser as a device of the demo's venue, as a person does."""
    make = [sys.executable, "manage.py", "enrolment_code", "1", "北门手机", *BY_ADMINISTRATOR]
    made = subprocess.run(
        make, cwd=ROOT, env=service.environment(), check=True, capture_output=True, text=True
    )
    page.goto(f"{service.base_url}/scanner")
    # A service that has just started may be too busy for the first try, and says so.
    wait_for(lambda: _enrolled_with(page, made.stdout.split()[0]))


def _enrolled_with(page: Page, code: str) -> bool:
    page.fill("#enrolment-code", code)
    page.click("#enrolment-form button")
    page.wait_for_timeout(2000)
    return page.locator("#enrolment").is_hidden()


def test_a_browser_killed_with_scans_waiting(
    own: LiveService, playwright: Playwright, authority: Authority, tmp_path: Path
) -> None:
    """It is killed as a verdict appears, and started without the server. Each scan arrives once."""
    start = datetime.now(UTC)
    paper = {"at": start, "kind": Kind.PAPER, "life": timedelta(days=10)}
    codes = [authority.code(**paper, idx=place) for place in range(100, 104)]
    codes.append(authority.code(**paper, colour=Colour.RED))
    profile = tmp_path / "profile"
    with started(playwright, profile) as browser:
        browser.context.add_init_script(WITNESS)
        page = browser.context.new_page()
        enrol(page, own)
        wait_until_ready(page, own)
        own.stop()
        given = [scan(page, code) for code in codes]
        # Each scan is on the disk before its verdict is shown.
        assert page.evaluate("changes") == [["strict", "not told"]] * len(codes)
        browser.kill()

    with started(playwright, profile) as browser:
        page = browser.context.new_page()
        page.goto(f"{own.base_url}/scanner")
        expect(page.locator("#venue")).to_have_text(VENUE)
        expect(page.locator("#state-queue")).to_contain_text(str(len(codes)))
        given.append(scan(page, codes[0]))
        browser.kill()

    with started(playwright, profile) as browser:
        page = browser.context.new_page()
        page.goto(f"{own.base_url}/scanner")
        expect(page.locator("#state-queue")).to_contain_text(str(len(given)))
        own.start()
        wait_for(lambda: len(recorded(own)) >= len(given))
        expect(page.locator("#state-queue")).to_have_text("", timeout=PATIENCE_MS)
        page.reload()
        expect(page.locator("#state-link")).to_have_text("已联网")
        page.wait_for_timeout(3000)
    assert given == [("pass", "ok")] * 4 + [("refuse", "red"), ("pass", "ok")]
    # Sorted: those of one second have no order.
    assert sorted(row[1] for row in recorded(own)) == sorted(map("/".join, given))


def test_a_closed_tab_sends_when_there_is_network(
    own: LiveService, playwright: Playwright, authority: Authority, tmp_path: Path
) -> None:
    """The browser wakes the service worker while no page is open. Each scan arrives once."""
    code = authority.code(at=datetime.now(UTC), kind=Kind.PAPER, life=timedelta(days=10))
    before = recorded(own)
    with started(playwright, tmp_path / "profile") as browser:
        page = browser.context.new_page()
        enrol(page, own)
        wait_until_ready(page, own)
        page.reload()
        page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        browser.context.set_offline(True)
        given = [scan(page, code), scan(page, "JK1:NO CODE")]
        expect(page.locator("#state-queue")).to_contain_text("2")
        page.close()
        assert recorded(own) == before
        browser.context.set_offline(False)
        wait_for(lambda: len(recorded(own)) >= len(before) + len(given))
        assert not [one for one in browser.context.pages if one.url.startswith(own.base_url)]
        page = browser.context.new_page()
        page.goto(f"{own.base_url}/scanner")
        expect(page.locator("#state-link")).to_have_text("已联网")
        page.wait_for_timeout(3000)
        expect(page.locator("#state-queue")).to_have_text("")
    # Sorted: those of one second have no order.
    assert sorted(row[1] for row in recorded(own)[len(before) :]) == sorted(map("/".join, given))
