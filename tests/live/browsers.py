"""Real browsers: a phone's, and a door's, whose camera sees a film."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Playwright

from healthcode.tools.run.browser import ensure
from tests.live.service import LiveService
from tests.live.video import write_film

PHONE = {"width": 390, "height": 844}
# Chromium's sandbox needs rights that root lacks in a container.
_ALWAYS = ("--no-sandbox",)


@contextmanager
def phone(playwright: Playwright, *, kept: Path | None = None) -> Iterator[Page]:
    """Open a page of a phone without camera. `kept` is its stored state from before.

    Each phone has a profile of its own, but all phones of a test module share one browser.
    """
    context = _browser_of_phones(playwright).new_context(viewport=PHONE, storage_state=kept)
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def door(
    playwright: Playwright, folder: Path, sees: Image.Image, *, kept: Path | None = None
) -> Iterator[Page]:
    """Open a page in a browser whose camera sees a picture. `kept` is its stored state."""
    film = folder / "film.y4m"
    write_film(film, sees)
    camera = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    with _browser(playwright, *camera) as browser:
        yield browser.new_page(viewport=PHONE, storage_state=kept)


def _browser_of_phones(playwright: Playwright) -> Browser:
    """Return the browser that this driver started for phones. It ends with the driver."""
    if playwright not in _OF_PHONES:
        _OF_PHONES.clear()
        _OF_PHONES[playwright] = playwright.chromium.launch(
            executable_path=ensure(), args=[*_ALWAYS]
        )
    return _OF_PHONES[playwright]


_OF_PHONES: dict[Playwright, Browser] = {}


@contextmanager
def _browser(playwright: Playwright, *arguments: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=ensure(), args=[*_ALWAYS, *arguments])
    try:
        yield browser
    finally:
        browser.close()


def kept_by_device(service: LiveService, *, origin: str = "") -> dict[str, Any]:
    """Return what the browser of an enrolled device stores, in Playwright's form.

    `origin` is the address of the scanner page, by default that of the service.
    """
    device = {"device": 0, "venue_name": "西湖文化广场地铁站", **service.demo["device"]}
    records = {"kept": [{"key": "device", "value": device}], "lists": [], "scans": []}
    stores = [
        {"name": name, "records": held, "indexes": [], "autoIncrement": False}
        for name, held in records.items()
    ]
    database = {"name": "health-code-scanner", "version": 1, "stores": stores}
    stored = {"localStorage": [], "indexedDB": [database]}
    return {"cookies": [], "origins": [{"origin": origin or service.base_url, **stored}]}


def picture_of(element: Locator) -> Image.Image:
    """Return an element of the page as a camera in front of the screen sees it."""
    return Image.open(BytesIO(element.screenshot()))
