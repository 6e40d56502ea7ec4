"""The whole main job in real browsers: a declaration, a door, and a new map."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Playwright, expect

from healthcode.tools.demo.people import resident_number
from healthcode.web.days import SHANGHAI
from tests.live.browsers import door, phone, picture_of
from tests.live.officer import confirmed
from tests.live.service import LiveService, wait_for

HOME, STAYED_IN = "330106", "330127"
PHONE_NUMBER = "13912345678"
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service only for this test, because it changes the map for everybody."""
    live = LiveService(tmp_path_factory.mktemp("end-to-end") / "var")
    live.start()
    yield live
    live.stop()


def test_from_declaration_to_door(own: LiveService, playwright: Playwright, tmp_path: Path) -> None:
    """Wang Fang declares and is let in; then the county where she stayed turns red."""
    kept = tmp_path / "door.json"
    with phone(playwright) as wang_fang:
        register(own, wang_fang)
        declare(wang_fang)
        green = show_code(own, wang_fang, "green")
        enrolment = make_enrolment_code(own, playwright)
        with door(playwright, tmp_path, green) as scanner:
            enrol(own, scanner, enrolment)
            expect_verdict(scanner, "pass", "ok")
            expect(scanner.locator("#verdict-who")).to_have_text("王*")
            scanner.context.storage_state(path=kept, indexed_db=True)

        turn_red(own, STAYED_IN)

        red = show_code(own, wang_fang, "red")
    for code, reason in [(red, "red"), (green, "superseded")]:
        with door(playwright, tmp_path, code, kept=kept) as scanner:
            scanner.goto(f"{own.base_url}/scanner")
            start_camera(scanner)
            expect_verdict(scanner, "refuse", reason)


def register(own: LiveService, page: Page) -> None:
    """Log in by phone with the code from the log, and register a person."""
    page.goto(f"{own.base_url}/login")
    page.fill("#phone", PHONE_NUMBER)
    page.click("main form button.wide")
    page.fill("#otp", one_time_code(own))
    page.click("main form button.wide")
    page.goto(f"{own.base_url}/me")
    page.click("main a.button")
    page.fill("#name", "王芳")
    page.fill("#id_number", resident_number(HOME, random=Random(330106)))
    pick(page.locator("area-picker"), HOME)
    page.click("main form button.wide")
    page.wait_for_url("**/declare")


def declare(page: Page) -> None:
    """Declare no symptoms, no contact, and a stay in another county."""
    page.check("[name=unwell][value=no]")
    page.check("[name=contact][value=no]")
    page.check("[name=elsewhere][value=yes]")
    pick(page.locator("area-picker").first, STAYED_IN)
    page.fill("[name=from-0]", (today() - timedelta(days=3)).isoformat())
    page.fill("[name=to-0]", (today() - timedelta(days=1)).isoformat())
    page.click("main form > button.button.wide")
    page.wait_for_url(lambda url: not url.endswith("/declare"))


def show_code(own: LiveService, page: Page, colour: str) -> Image.Image:
    """Open the first person's code from the list, and return the picture that the phone shows."""
    page.goto(f"{own.base_url}/me")
    page.click("main a[href$='/code']")
    expect(page.locator("#live")).to_have_attribute("data-colour", colour)
    canvas = page.locator("#live canvas")
    expect(canvas).to_be_visible()
    return picture_of(canvas)


def today() -> date:
    return datetime.now(SHANGHAI).date()


def pick(picker: Locator, code: str) -> None:
    """Choose city and county. The province is already chosen."""
    for level, digits in enumerate((2, 4, 6)):
        picker.locator("select").nth(level).select_option(code[:digits])


def one_time_code(own: LiveService) -> str:
    """Return the code that the demo's SMS sender wrote into the web server's log."""

    def read() -> str:
        codes = re.findall(r"To .*\D(\d{6})\D", (own.var / "log" / "web.log").read_text())
        return codes[-1] if codes else ""

    return wait_for(read)


def make_enrolment_code(own: LiveService, playwright: Playwright) -> str:
    """Log in as the venue's manager and make a code for a new device."""
    passwords = json.loads((own.var / "passwords.json").read_text())
    with phone(playwright) as page:
        page.goto(f"{own.base_url}/venues")
        page.fill("[name=username]", "demo.manager")
        page.fill("[name=password]", passwords["demo.manager"])
        page.click("main form button.button")
        page.click("main ul a")
        page.fill("#label", "北门手机")
        page.click("form[action$='/devices'] button")
        return page.inner_text(".short-code")


def enrol(own: LiveService, page: Page, code: str) -> None:
    """Type the enrolment code on the scanner page, and start the camera."""
    page.goto(f"{own.base_url}/scanner")
    page.fill("#enrolment-code", code.lower().replace("-", " "))
    page.click("#enrolment-form button")
    expect(page.locator("#venue")).not_to_be_empty(timeout=PATIENCE_SECONDS * 1000)
    start_camera(page)


def start_camera(page: Page) -> None:
    """Tap the button, unless the page has started the camera by itself."""
    page.wait_for_load_state()
    page.locator("#start").evaluate("start => start.hidden || start.click()")


def expect_verdict(page: Page, outcome: str, reason: str) -> None:
    """Wait for this verdict over the whole screen."""
    panel = page.locator(f"#verdict[data-look={outcome}][data-reason={reason}]")
    expect(panel).to_be_visible(timeout=PATIENCE_SECONDS * 1000)


def turn_red(own: LiveService, area: str) -> None:
    """Publish the county as red, as an officer. A worker recolours the people concerned."""
    token = own.demo["officer"]["token"]
    levels = {
        "effective_from": (today() - timedelta(days=5)).isoformat(),
        "ground_kind": "investigation",
        "ground": "疫情防控指挥部第7号通告",
        "levels": [{"code": area, "level": "red"}],
    }
    act = confirmed(own, own.call("PUT", "/api/v1/areas/levels", token=token, json_body=levels))
    assert act.status == 200, act.body
    path = f"/api/v1/recomputations/{act.body['recomputation']}"

    def ended() -> dict[str, Any] | None:
        body: dict[str, Any] = own.call("GET", path, token=token).body
        return body if body["state"] in {"done", "failed"} else None

    progress = wait_for(ended)
    assert progress["state"] == "done"
    assert progress["people_changed"] >= 1
