"""The scanner page in a real browser: every way to read a code, and every way to fail."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, Request, Route, expect

from healthcode.core.keys import from_base64url
from tests.live.browsers import PHONE, door, phone
from tests.live.service import LiveService, wait_for
from tests.live.video import picture_of

SCANS = "**/api/v1/scans"
BUNDLE = "**/api/v1/devices/bundle"
AT_LEAST_ONCE_MS = 30_000


@pytest.fixture
def at_door(
    service: LiveService, playwright: Playwright, tmp_path: Path, kept: Path, code: str
) -> Iterator[Page]:
    """The scanner page without data, before its camera sees the code for the first time."""
    with door(playwright, tmp_path, picture_of(code), kept=kept) as page:
        page.route(BUNDLE, lambda route: route.abort())
        yield page


def open_scanner(service: LiveService, page: Page) -> list[Request]:
    """Open the page and start the camera. Return the list to which its scans are added."""
    sent: list[Request] = []
    page.on("request", lambda one: sent.append(one) if one.url.endswith("/scans") else None)
    page.goto(f"{service.base_url}/scanner")
    page.wait_for_load_state()
    page.locator("#start").evaluate("start => start.hidden || start.click()")
    return sent


def expect_look(page: Page, look: str) -> None:
    panel = page.locator(f"#verdict[data-look={look}]")
    expect(panel).to_be_visible(timeout=AT_LEAST_ONCE_MS)


def body_of(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.post_data or "")
    return body


def test_a_code_in_view_is_one_scan(service: LiveService, at_door: Page, code: str) -> None:
    """The film shows the code again and again, but it is scanned once."""
    sent = open_scanner(service, at_door)
    expect(at_door.locator("#verdict")).to_be_visible(timeout=AT_LEAST_ONCE_MS)
    expect(at_door.locator("#verdict")).to_be_hidden(timeout=AT_LEAST_ONCE_MS)
    at_door.wait_for_timeout(3000)
    assert [body_of(request)["code"] for request in sent] == [code]


def test_without_network_and_data_there_is_no_verdict(
    service: LiveService, at_door: Page, code: str
) -> None:
    """The page says so, tries again with the same id, and goes on when the network is back."""
    failed: list[str] = []

    def fail(route: Route) -> None:
        failed.append(body_of(route.request)["id"])
        route.abort()

    at_door.route(SCANS, fail)
    open_scanner(service, at_door)
    expect_look(at_door, "none")
    expect(at_door.locator("#verdict-sentence")).to_contain_text("连不上服务器")
    expect(at_door.locator("#announcement")).to_contain_text("连不上服务器")
    assert len(failed) >= 2
    assert failed[0] == failed[1]
    at_door.unroute(SCANS)
    judged = at_door.locator("#verdict[data-reason]")
    expect(judged).to_be_visible(timeout=AT_LEAST_ONCE_MS)


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (200, "text/html", "<h1>Log in to the wireless network</h1>"),
        (200, "application/json", '{"outcome": "certainly"}'),
        (200, "application/json", "{}"),
        (502, "text/html", "<h1>Bad gateway</h1>"),
        (503, "application/problem+json", '{"type": "/problems/busy", "detail": "稍后再试。"}'),
    ],
)
def test_other_answers_are_never_green(
    service: LiveService, at_door: Page, status: int, content_type: str, body: str
) -> None:
    """Login pages of networks, gateways and broken answers."""
    at_door.route(
        SCANS, lambda route: route.fulfill(status=status, content_type=content_type, body=body)
    )
    open_scanner(service, at_door)
    expect_look(at_door, "none")
    expect(at_door.locator("#verdict-sentence")).not_to_be_empty()


def test_a_revoked_device_must_be_enrolled_again(service: LiveService, at_door: Page) -> None:
    """The page deletes the token and asks for a new enrolment code."""
    at_door.route(
        SCANS,
        lambda route: route.fulfill(
            status=401, content_type="application/problem+json", body='{"detail": "已停用。"}'
        ),
    )
    open_scanner(service, at_door)
    expect_look(at_door, "none")
    expect(at_door.locator("#enrolment")).to_be_visible()
    at_door.reload()
    expect(at_door.locator("#enrolment")).to_be_visible()


@pytest.fixture
def without_camera(service: LiveService, playwright: Playwright, kept: Path) -> Iterator[Page]:
    """The scanner page in a browser that has no camera."""
    with phone(playwright, kept=kept) as page:
        page.goto(f"{service.base_url}/scanner")
        yield page


def test_a_handheld_scanner_types(without_camera: Page, code: str) -> None:
    """A burst of keys and Enter is a scan wherever the focus is, and spaces press no button."""
    without_camera.focus("#start")
    # The first key switches the sound on, which takes longer than the gap allowed in a burst.
    without_camera.keyboard.press("Shift")
    without_camera.evaluate(
        """text => {
          for (const key of [...text, "Enter"]) {
            const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(event);
          }
        }""",
        code,
    )
    expect(without_camera.locator("#verdict[data-reason]")).to_be_visible()
    expect(without_camera.locator("#verdict[data-reason=malformed]")).to_have_count(0)


def test_keys_pressed_by_hand_are_no_scan(service: LiveService, without_camera: Page) -> None:
    sent = []
    without_camera.on("request", lambda one: sent.append(one.url))
    without_camera.keyboard.type("JK1:HELLO", delay=700)
    without_camera.keyboard.press("Enter")
    without_camera.wait_for_timeout(500)
    assert not [url for url in sent if url.endswith("/scans")]


def test_a_code_typed_by_hand(without_camera: Page, code: str) -> None:
    without_camera.click("summary")
    without_camera.fill("#typed-code", code)
    without_camera.click("#typing-form button")
    expect(without_camera.locator("#verdict[data-reason]")).to_be_visible()
    expect(without_camera.locator("#verdict[data-reason=malformed]")).to_have_count(0)


def test_no_camera_is_said(without_camera: Page) -> None:
    without_camera.click("#start")
    expect(without_camera.locator("#notice")).to_contain_text("摄像头")
    expect(without_camera.locator("#start")).to_be_visible()


def test_staff_hear_of_a_likely_copy(
    service: LiveService, playwright: Playwright, kept: Path, code: str
) -> None:
    """The page's bundle tells when and at which door it was scanned."""
    device = service.demo["device"]["token"]
    for _ in range(6):
        scan = {"id": str(uuid.uuid4()), "code": code}
        assert service.call("POST", "/api/v1/scans", token=device, json_body=scan).status == 200

    def doubts() -> object:
        signed = service.call("GET", "/api/v1/devices/bundle", token=device).body["bundle"]
        return json.loads(from_base64url(signed.split(".")[1]))["doubts"]

    # The server looks for them every 15 seconds, the page asks every 30.
    wait_for(doubts)
    with phone(playwright, kept=kept) as page:
        page.goto(f"{service.base_url}/scanner")
        told = page.locator("#state-doubts p").first
        expect(told).to_contain_text("同一个码已经扫了", timeout=AT_LEAST_ONCE_MS)
        expect(told).to_contain_text("·")


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_cut_off(
    service: LiveService, playwright: Playwright, kept: Path, width: int
) -> None:
    with phone(playwright, kept=kept) as page:
        page.set_viewport_size({"width": width, "height": PHONE["height"]})
        page.goto(f"{service.base_url}/scanner")
        page.click("summary")
        page.fill("#typed-code", "https://example.org")
        page.click("#typing-form button")
        expect(page.locator("#verdict[data-look=no-code]")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        panel = page.locator("#verdict")
        assert panel.evaluate("e => e.scrollWidth <= e.clientWidth")
