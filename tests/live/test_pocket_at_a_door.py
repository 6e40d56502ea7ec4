"""A code stored for use without network, at a door without network. Copies are still refused."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright, expect

from tests.live.browsers import door, phone, picture_of
from tests.live.service import LiveService
from tests.live.test_end_to_end import one_time_code, start_camera
from tests.live.video import write_film

PATIENCE_MS = 60_000
A_FEW_MINUTES_MS = 4 * 60_000
EMPTY_DESK = Image.new("L", (8, 8), 128)


@pytest.fixture
def pocket(service: LiveService, playwright: Playwright, code: str) -> Iterator[Page]:
    """The page of a resident who has stored the code and has no network since."""
    resident = service.demo["resident"]
    with phone(playwright) as page:
        page.clock.install(time=datetime.now(UTC))
        page.goto(f"{service.base_url}/login")
        page.fill("#phone", resident["phone"])
        page.click("main form button.wide")
        page.fill("#otp", one_time_code(service))
        page.click("main form button.wide")
        page.fill("#document_last4", resident["document_last4"])
        page.click("main form button.wide")
        page.goto(f"{service.base_url}/people/{resident['person']}/code")
        page.click("a[href^='/pocket']")
        expect(page.locator("#live canvas")).to_be_visible()
        page.wait_for_function("caches.match('/pocket')")
        page.context.set_offline(True)
        page.reload()
        yield page


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return tmp_path / "film.y4m"


@pytest.fixture
def door_page(
    service: LiveService, playwright: Playwright, tmp_path: Path, kept: Path
) -> Iterator[Page]:
    """The scanner page of a door without network, whose camera sees an empty desk."""
    with door(playwright, tmp_path, EMPTY_DESK, kept=kept) as page:
        page.clock.install(time=datetime.now(UTC))
        page.goto(f"{service.base_url}/scanner")
        expect(page.locator("#state-data")).to_contain_text("前", timeout=PATIENCE_MS)
        page.wait_for_function("caches.match('/scanner?kept')", timeout=PATIENCE_MS)
        page.context.set_offline(True)
        page.reload()
        expect(page.locator("#state-link")).to_contain_text("没有网络")
        start_camera(page)
        yield page


def shown_by(pocket: Page) -> Image.Image:
    """Return what a camera sees of the phone."""
    canvas = pocket.locator("#live canvas")
    expect(canvas).to_be_visible()
    return picture_of(canvas)


def expect_verdict(door_page: Page, outcome: str, reason: str) -> str:
    """Wait for this verdict over the whole screen, and return the age of the code that it shows."""
    panel = door_page.locator(f"#verdict[data-look={outcome}][data-reason={reason}]")
    expect(panel).to_be_visible(timeout=PATIENCE_MS)
    age = door_page.inner_text("#verdict-age")
    panel.click()
    return age


def test_a_bound_code_passes_and_its_copy_does_not(
    pocket: Page, door_page: Page, film: Path
) -> None:
    picture = shown_by(pocket)
    write_film(film, picture)
    assert re.search(r"\d+秒", expect_verdict(door_page, "pass", "ok"))

    write_film(film, EMPTY_DESK)
    for page in (pocket, door_page):
        page.clock.fast_forward(A_FEW_MINUTES_MS)
    write_film(film, picture)
    expect_verdict(door_page, "refuse", "expired")

    anew = shown_by(pocket)
    assert anew.tobytes() != picture.tobytes()
    write_film(film, anew)
    expect_verdict(door_page, "pass", "ok")
    expect(door_page.locator("#state-queue")).to_contain_text("3")
