"""The scanner page when its browser fails: it goes on, or says what to do and offers a button."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.live.browsers import door, phone
from tests.live.service import LiveService
from tests.live.test_door_alone import WITHOUT_WORKER, verdict_on
from tests.live.test_scanner_page import AT_LEAST_ONCE_MS, SCANS, open_scanner
from tests.live.video import on_a_desk, picture_of

POSTER = "https://example.org/menu"
DETECTOR = """
globalThis.BarcodeDetector = class {
  static getSupportedFormats() { return FORMATS; }
  detect() { return DETECT; }
};
"""
REJECTS = "Promise.reject(new DOMException('no service', 'NotSupportedError'))"
NEVER = "new Promise(() => {})"


@pytest.fixture
def at_door(playwright: Playwright, tmp_path: Path, kept: Path, code: str) -> Iterator[Page]:
    """A page whose camera sees a code."""
    with door(playwright, tmp_path, picture_of(code), kept=kept) as page:
        yield page


def expect_verdict(page: Page) -> None:
    expect(page.locator("#verdict[data-reason]")).to_be_visible(timeout=AT_LEAST_ONCE_MS)


def expect_way_on(page: Page, sentence: str) -> None:
    expect(page.locator("#notice")).to_contain_text(sentence, timeout=AT_LEAST_ONCE_MS)
    expect(page.locator("#start")).to_be_visible()


@pytest.mark.parametrize(
    ("formats", "detect"),
    [
        ("Promise.resolve(['qr_code'])", REJECTS),
        ("Promise.resolve(['qr_code'])", NEVER),
        (REJECTS, NEVER),
        (NEVER, NEVER),
        ("Promise.resolve(['ean_13'])", REJECTS),
    ],
)
def test_a_detector_that_does_not_work(
    service: LiveService, at_door: Page, formats: str, detect: str
) -> None:
    """The page uses its own reader instead."""
    at_door.add_init_script(DETECTOR.replace("FORMATS", formats).replace("DETECT", detect))
    open_scanner(service, at_door)
    expect_verdict(at_door)


def test_a_reader_that_cannot_be_loaded(service: LiveService, at_door: Page) -> None:
    at_door.add_init_script(
        """
        const real = globalThis.fetch;
        globalThis.isBroken = true;
        globalThis.fetch = (asked, options) =>
          globalThis.isBroken && String(asked?.url ?? asked).includes(".wasm")
            ? Promise.reject(new TypeError("no network"))
            : real(asked, options);
        """
    )
    open_scanner(service, at_door)
    expect_way_on(at_door, "识别程序没有加载出来")
    at_door.evaluate("globalThis.isBroken = false")
    at_door.click("#start")
    expect_verdict(at_door)


def test_frames_that_cannot_be_read(service: LiveService, at_door: Page) -> None:
    at_door.add_init_script(
        """
        const read = CanvasRenderingContext2D.prototype.getImageData;
        globalThis.isBroken = true;
        CanvasRenderingContext2D.prototype.getImageData = function (...area) {
          if (globalThis.isBroken) throw new RangeError("out of memory");
          return read.apply(this, area);
        };
        """
    )
    open_scanner(service, at_door)
    expect_way_on(at_door, "识别不了摄像头里的码")
    at_door.evaluate("globalThis.isBroken = false")
    at_door.click("#start")
    expect_verdict(at_door)


@pytest.mark.parametrize(
    "loss",
    [
        "track.stop()",
        "Object.defineProperty(track, 'muted', { value: true })",
    ],
)
def test_a_camera_that_is_taken_away(service: LiveService, at_door: Page, loss: str) -> None:
    open_scanner(service, at_door)
    expect_verdict(at_door)
    video = at_door.locator("video")
    video.evaluate(f"video => {{ const [track] = video.srcObject.getTracks(); {loss}; }}")
    expect_way_on(at_door, "摄像头停了")
    at_door.click("#start")
    expect(at_door.locator("#start")).to_be_hidden()
    expect(at_door.locator("#notice")).to_be_hidden()


def test_a_permission_that_is_refused(service: LiveService, at_door: Page) -> None:
    at_door.add_init_script(
        """
        navigator.mediaDevices.getUserMedia = () =>
          Promise.reject(new DOMException("", "NotAllowedError"));
        """
    )
    open_scanner(service, at_door)
    expect_way_on(at_door, "浏览器")


@pytest.mark.parametrize("method", ["createOscillator", "createGain"])
def test_a_loudspeaker_that_fails(
    service: LiveService, playwright: Playwright, kept: Path, code: str, method: str
) -> None:
    """The verdict is still shown."""
    with phone(playwright, kept=kept) as page:
        page.add_init_script(
            f"""AudioContext.prototype.{method} = () => {{
              throw new DOMException("", "InvalidStateError");
            }};"""
        )
        page.goto(f"{service.base_url}/scanner")
        page.click("summary")
        type_code(page, code)
        expect_verdict(page)
        expect(page.locator("#notice")).to_contain_text("声音放不出来")
        expect(page.locator("#reload")).to_be_visible()


@pytest.mark.parametrize("body", ["null", "[]", '"ok"', "7", '{"outcome": 1}'])
def test_an_answer_of_another_kind(
    service: LiveService, playwright: Playwright, kept: Path, code: str, body: str
) -> None:
    """The page says so, and judges the next scan."""
    with phone(playwright, kept=kept) as page:
        page.route(
            SCANS,
            lambda route: route.fulfill(status=200, content_type="application/json", body=body),
        )
        page.route("**/api/v1/devices/bundle", lambda route: route.abort())
        page.goto(f"{service.base_url}/scanner")
        page.click("summary")
        type_code(page, code)
        expect(page.locator("#verdict[data-look=none]")).to_be_visible(timeout=AT_LEAST_ONCE_MS)
        page.unroute(SCANS)
        page.click("#verdict")
        type_code(page, code)
        expect_verdict(page)


def type_code(page: Page, text: str) -> None:
    page.fill("#typed-code", text)
    page.click("#typing-form button")


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("IDBObjectStore.prototype.put", "QuotaExceededError"),
        ("IDBFactory.prototype.open", "UnknownError"),
        ("IDBDatabase.prototype.transaction", "InvalidStateError"),
    ],
)
def test_a_disk_that_fails_while_the_page_is_open(
    service: LiveService, playwright: Playwright, kept: Path, code: str, method: str, error: str
) -> None:
    """A verdict of the server needs no disk."""
    with phone(playwright, kept=kept) as page:
        page.goto(f"{service.base_url}/scanner")
        expect(page.locator("#venue")).not_to_be_empty()
        failing = f"() => {{ throw new DOMException('', '{error}'); }}"
        page.evaluate(f"() => {{ {method} = {failing}; }}")
        page.click("summary")
        type_code(page, code)
        expect_verdict(page)


def test_an_unforeseen_failure_is_reported(
    service: LiveService, playwright: Playwright, kept: Path
) -> None:
    """After any failure of the page, staff get a sentence and can reload it."""
    with phone(playwright, kept=kept) as page:
        page.goto(f"{service.base_url}/scanner")
        expect(page.locator("#venue")).not_to_be_empty()
        page.evaluate("() => { void Promise.reject(new Error('unforeseen')); }")
        expect(page.locator("#notice")).to_contain_text("这个页面出了问题")
        page.click("#reload")
        expect(page.locator("#venue")).not_to_be_empty()
        expect(page.locator("#notice")).to_be_hidden()


def test_a_code_beside_a_poster(
    service: LiveService, playwright: Playwright, tmp_path: Path, kept: Path, code: str
) -> None:
    """The poster is nearer to the middle, but the page judges the code."""
    scene = on_a_desk((picture_of(POSTER), (320, 140)), (picture_of(code), (320, 365)), size=200)
    with door(playwright, tmp_path, scene, kept=kept) as page:
        page.set_viewport_size({"width": 700, "height": 900})
        sent = open_scanner(service, page)
        expect_verdict(page)
        page.wait_for_timeout(3000)
        assert [json.loads(one.post_data or "")["code"] for one in sent] == [code]


def test_of_two_codes_the_one_in_the_middle_of_what_is_shown(
    service: LiveService, playwright: Playwright, tmp_path: Path, kept: Path, code: str
) -> None:
    """The page cuts off the sides of the frame, and does not read what it does not show."""
    other = code[:-1] + ("0" if code[-1] != "0" else "1")
    scene = on_a_desk((picture_of(other), (110, 240)), (picture_of(code), (330, 240)), size=200)
    with door(playwright, tmp_path, scene, kept=kept) as page:
        sent = open_scanner(service, page)
        expect_verdict(page)
        page.wait_for_timeout(3000)
        assert [json.loads(one.post_data or "")["code"] for one in sent] == [code]


@pytest.mark.parametrize(("near", "far"), [(150, 370), (330, 110)])
def test_of_two_codes_that_are_shown_the_one_nearer_to_the_middle(
    service: LiveService,
    playwright: Playwright,
    tmp_path: Path,
    kept: Path,
    code: str,
    near: int,
    far: int,
) -> None:
    """Above or below, whichever the reader names first."""
    other = code[:-1] + ("0" if code[-1] != "0" else "1")
    scene = on_a_desk((picture_of(other), (320, far)), (picture_of(code), (320, near)), size=200)
    with door(playwright, tmp_path, scene, kept=kept) as page:
        page.set_viewport_size({"width": 700, "height": 900})
        sent = open_scanner(service, page)
        expect_verdict(page)
        page.wait_for_timeout(3000)
        assert [json.loads(one.post_data or "")["code"] for one in sent] == [code]


def test_a_poster_alone_is_no_refusal(
    service: LiveService, playwright: Playwright, tmp_path: Path, kept: Path
) -> None:
    """The page says so once, in no colour, and does not tell the server."""
    with door(playwright, tmp_path, picture_of(POSTER), kept=kept) as page:
        sent = open_scanner(service, page)
        panel = page.locator("#verdict[data-look=no-code]")
        expect(panel).to_be_visible(timeout=AT_LEAST_ONCE_MS)
        expect(page.locator("#verdict-word")).to_have_text("不是健康码")
        expect(panel).to_be_hidden(timeout=AT_LEAST_ONCE_MS)
        page.wait_for_timeout(3000)
        expect(page.locator("#verdict")).to_be_hidden()
        assert sent == []


CANNOT = {
    "no database": (503, "application/problem+json", '{"type": "/problems/unavailable"}'),
    "nobody behind the proxy": (502, "text/html", "<h1>Bad gateway</h1>"),
    "too many": (429, "application/problem+json", '{"detail": "稍后再试。"}'),
}


@pytest.mark.parametrize("cannot", CANNOT)
def test_a_door_goes_on_alone_while_the_server_cannot_answer(
    service: LiveService, playwright: Playwright, kept: Path, code: str, cannot: str
) -> None:
    """The page judges by what it keeps, and sends its scans when the server is back."""
    status, media_type, body = CANNOT[cannot]
    with phone(playwright, kept=kept) as page:
        page.add_init_script(WITHOUT_WORKER)
        page.goto(f"{service.base_url}/scanner")
        expect(page.locator("#state-data")).to_contain_text("前", timeout=AT_LEAST_ONCE_MS)
        page.route(
            "**/api/v1/**",
            lambda route: route.fulfill(
                status=status, headers={"Retry-After": "5"}, content_type=media_type, body=body
            ),
        )
        assert verdict_on(page, code) == "pass ok"
        assert verdict_on(page, "JK1:NO CODE") == "refuse malformed"
        expect(page.locator("#state-queue")).to_contain_text("2")
        page.unroute("**/api/v1/**")
        expect(page.locator("#state-queue")).to_have_text("", timeout=AT_LEAST_ONCE_MS)
        expect(page.locator("#state-link")).to_have_text("已联网")


def test_a_large_code_in_small_modules_is_read_at_once(
    service: LiveService, playwright: Playwright, tmp_path: Path, kept: Path
) -> None:
    """QR version 16, two pixels a module. It is no code, which the first frames already show."""
    with door(playwright, tmp_path, picture_of("JK2:" + "A" * 652, box_size=2), kept=kept) as page:
        open_scanner(service, page)
        expect_verdict(page)
