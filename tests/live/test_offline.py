"""A door without network: it starts, judges, stores its scans, and is cautious after two hours."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from healthcode.core import Colour, Kind
from healthcode.tools.run.browser import ensure
from tests.administration import BY_ADMINISTRATOR
from tests.live.browsers import PHONE, kept_by_device
from tests.live.service import ROOT, LiveService, wait_for
from tests.verifier.authority import Authority, new_private_key
from tests.verifier.web import Web, serving

PATIENCE_MS = 60_000
GONE = 13
RECOLOURED = 14
Scanned = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def shanghai() -> Iterator[Web]:
    """The web server on which CN-31 publishes."""
    with serving() as web:
        yield web


@pytest.fixture(scope="module")
def authority(shanghai: Web) -> Authority:
    """CN-31, for which this test makes codes. The code at GONE is superseded."""
    made = Authority(name="CN-31", base_url=shanghai.base_url)
    shanghai.publish(made, at=datetime.now(UTC), superseded=(GONE,))
    return made


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[LiveService]:
    """A service only for one file, whose tests stop it. It trusts CN-31."""
    live = LiveService(tmp_path_factory.mktemp("offline") / "var")
    live.start()
    trust = [sys.executable, "manage.py", "trust_issuer", "CN-31", authority.base_url]
    trust += BY_ADMINISTRATOR
    subprocess.run(trust, cwd=ROOT, env=live.environment(), check=True, capture_output=True)
    yield live
    if live.process is not None and live.process.poll() is None:
        live.stop()


@contextmanager
def browser_of(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=ensure(), args=["--no-sandbox"])
    try:
        yield browser
    finally:
        browser.close()


def enrolled(browser: Browser, service: LiveService) -> BrowserContext:
    """The browser of an enrolled device. It keeps its storage while it is open."""
    return browser.new_context(viewport=PHONE, storage_state=kept_by_device(service))


def open_scanner(context: BrowserContext, service: LiveService, at: datetime) -> Page:
    """Open the scanner in a new tab, on a device whose clock can be set."""
    page = context.new_page()
    page.clock.install(time=at)
    page.goto(f"{service.base_url}/scanner")
    expect(page.locator("#venue")).to_have_text("西湖文化广场地铁站")
    return page


def wait_until_ready(page: Page, service: LiveService) -> None:
    """Wait until the page has CN-31's keys and list, and has stored itself."""
    page.wait_for_function(
        """async () => {
          const cache = await caches.open("scanner");
          return (await cache.match("/scanner?kept")) !== undefined;
        }""",
        timeout=PATIENCE_MS,
    )
    page.wait_for_function(
        """() => new Promise((resolve) => {
          const opening = indexedDB.open("health-code-scanner");
          opening.onsuccess = () => {
            const asked = opening.result.transaction("lists").objectStore("lists").getAllKeys();
            asked.onsuccess = () => resolve(asked.result.some((key) => key.startsWith("CN-31 ")));
          };
        })""",
        timeout=PATIENCE_MS,
    )


def scan(page: Page, code: str) -> tuple[str, str]:
    """Type a code by hand and return the page's outcome and reason."""
    # Not by a click, which on a busy machine may hit while the page still moves.
    page.locator("details").first.evaluate("(form) => { form.open = true; }")
    page.fill("#typed-code", code)
    page.click("#typing-form button")
    panel = page.locator("#verdict[data-reason]")
    expect(panel).to_be_visible(timeout=10_000)
    said = (panel.get_attribute("data-look") or "", panel.get_attribute("data-reason") or "")
    panel.click()
    expect(panel).to_be_hidden()
    return said


def recorded(service: LiveService) -> Scanned:
    """Return every offline scan in the database: its id and both verdicts."""
    database = closing(psycopg2.connect(service.environment()["DATABASE_URL"]))
    with database as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, given_outcome || '/' || given_reason, outcome || '/' || reason"
            " FROM verifier_scan WHERE offline ORDER BY scanned_at"
        )
        rows: Scanned = cursor.fetchall()
    return rows


@pytest.fixture
def later(tmp_path: Path) -> Callable[[timedelta], dict[str, str]]:
    """Return an environment in which all programs of the service see a later time."""

    def by(step: timedelta) -> dict[str, str]:
        folder = tmp_path / "later"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(
            "import time, time_machine\n"
            f"time_machine.travel(time.time() + {step.total_seconds()}, tick=True).start()\n"
        )
        return {"PYTHONPATH": str(folder)}

    return by


def test_the_servers_verdict_counts_while_it_answers(
    own: LiveService, playwright: Playwright, shanghai: Web, authority: Authority
) -> None:
    """By the old data of the device, this code would pass for hours."""
    start = datetime.now(UTC)
    code = authority.code(at=start, kind=Kind.PAPER, life=timedelta(days=10), idx=RECOLOURED)
    with browser_of(playwright) as browser, closing(enrolled(browser, own)) as context:
        page = open_scanner(context, own, start)
        wait_until_ready(page, own)
        assert scan(page, code) == ("pass", "ok")
        page.route("**/api/v1/devices/*", lambda route: route.abort())
        shanghai.publish(authority, at=datetime.now(UTC), superseded=(GONE, RECOLOURED))
        wait_for(lambda: scan(page, code) == ("refuse", "superseded"))
        context.set_offline(True)
        assert scan(page, code) == ("pass", "ok"), "the device had no news"


def test_hours_without_the_server(
    own: LiveService,
    playwright: Playwright,
    authority: Authority,
    later: Callable[[timedelta], dict[str, str]],
) -> None:
    """It judges as the server would, then lets nobody pass unchecked. Each scan arrives once."""
    start = datetime.now(UTC)
    paper = {"at": start, "kind": Kind.PAPER, "life": timedelta(days=10)}
    green = authority.code(**paper)
    yellow = authority.code(**paper, colour=Colour.YELLOW)
    red = authority.code(**paper, colour=Colour.RED)
    gone = authority.code(**paper, idx=GONE)
    forged = Authority("CN-31", authority.base_url, new_private_key()).code(**paper)
    unknown = Authority("CN-44", authority.base_url).code(**paper)
    given: list[tuple[str, str]] = []
    with browser_of(playwright) as browser, closing(enrolled(browser, own)) as context:
        page = open_scanner(context, own, start)
        wait_until_ready(page, own)
        assert scan(page, green) == ("pass", "ok")
        expect(page.locator("#state-link")).to_have_text("已联网")

        own.stop()
        page.reload()
        expect(page.locator("#venue")).to_have_text("西湖文化广场地铁站")
        expected = [
            (authority.code(at=start), ("pass", "ok")),
            (green, ("pass", "ok")),
            (yellow, ("caution", "yellow")),
            (red, ("refuse", "red")),
            (gone, ("refuse", "superseded")),
            (forged, ("refuse", "unknown_key")),
            (unknown, ("refuse", "unknown_issuer")),
            (green[:-1] + ("0" if green[-1] != "0" else "1"), ("refuse", "bad_signature")),
            ("JK1:NO CODE", ("refuse", "malformed")),
        ]
        given += [scan(page, code) for code, _ in expected]
        assert given == [verdict for _, verdict in expected]
        expect(page.locator("#state-link")).to_contain_text("没有网络")
        expect(page.locator("#state-queue")).to_contain_text("9")

        page.clock.fast_forward(timedelta(hours=1) // timedelta(milliseconds=1))
        hour = start + timedelta(hours=1)
        expected = [
            (authority.code(at=start), ("refuse", "expired")),
            (authority.code(at=hour), ("pass", "ok")),
            (green, ("pass", "ok")),
            (red, ("refuse", "red")),
            (gone, ("refuse", "superseded")),
        ]
        given += [scan(page, code) for code, _ in expected]
        assert given[9:] == [verdict for _, verdict in expected]
        expect(page.locator("#state-data")).to_contain_text("分钟前")

        page.clock.fast_forward(timedelta(hours=1, minutes=5) // timedelta(milliseconds=1))
        expected = [
            (green, ("caution", "stale_data")),
            (authority.code(at=hour + timedelta(hours=1, minutes=5)), ("caution", "stale_data")),
            (red, ("refuse", "red")),
            (gone, ("refuse", "superseded")),
        ]
        given += [scan(page, code) for code, _ in expected]
        assert given[14:] == [verdict for _, verdict in expected]
        expect(page.locator("#state-warning")).to_contain_text("数据太旧")
        page.close()

        step = timedelta(hours=2, minutes=6)
        now = datetime.now(UTC) + step
        back = LiveService(own.var, port=own.port, **later(step))
        back.start()
        try:
            page = open_scanner(context, own, now)
            wait_for(lambda: len(recorded(back)) >= len(given))
            expect(page.locator("#state-queue")).to_have_text("", timeout=PATIENCE_MS)
            expect(page.locator("#state-link")).to_have_text("已联网")
            rows = recorded(back)
            assert sorted(row[1] for row in rows) == sorted("/".join(one) for one in given)
            assert len({row[0] for row in rows}) == len(given)
            page.reload()
            page.wait_for_timeout(3000)
            assert len(recorded(back)) == len(given)
        finally:
            back.stop()
