"""The live page in a real browser: it draws, ticks, renews itself, and says when it cannot."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from healthcode.codes import keys
from healthcode.core import Colour, decode
from healthcode.residents.declarations.services import declare
from healthcode.tools.run.browser import ensure
from tests.codes.conftest import FEVERISH, Resident, scanned

# In milliseconds, as the browser's clock counts.
RENEWAL = (settings.LIVE_CODE_SECONDS // 2 + 1) * 1000
LIFE = (settings.LIVE_CODE_SECONDS + 1) * 1000
PHONE = {"width": 320, "height": 568}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread, but nothing of Django runs in that loop.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=ensure(), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def holder(zhang: Resident) -> Resident:
    """Zhang with a key for today, because a browser's clock cannot be set back to February."""
    keys.make_key(starts=timezone.now() - timedelta(days=1), signs_for=timedelta(days=90))
    return zhang


@pytest.fixture
def context(
    browser: Browser, live_server: LiveServer, holder: Resident
) -> Iterator[BrowserContext]:
    """A small phone with a logged-in browser in English."""
    context = browser.new_context(viewport=PHONE)
    log_in(context, live_server, holder)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, live_server: LiveServer, holder: Resident) -> Page:
    """Open the live page with a clock that the test controls."""
    page = context.new_page()
    page.clock.install()
    page.goto(f"{live_server.url}/people/{holder.person.pk}/code")
    expect(page.locator("canvas")).to_be_visible()
    return page


def log_in(context: BrowserContext, live_server: LiveServer, who: Resident) -> None:
    client = Client()
    client.force_login(who.account)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [
            {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url},
            {"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": live_server.url},
        ]
    )


def scan(page: Page) -> str:
    """Return the text of the code on the screen."""
    return scanned(page.screenshot())


def test_a_small_phone_shows_code_colour_word_and_shape(page: Page) -> None:
    assert decode(scan(page)).code.colour is Colour.GREEN
    expect(page.locator("h1")).to_have_text(re.compile("Green code"))
    expect(page.locator(".of-green svg")).to_be_visible()
    expect(page.locator(".of-red svg")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    expect(page.locator("[data-part=clock]")).to_be_in_viewport()
    assert page.locator("canvas").bounding_box()["width"] >= 240


def test_seconds_tick_and_nobody_has_to_hear_them(page: Page) -> None:
    before = page.locator("[data-part=clock]").text_content()
    page.clock.run_for("00:02")
    expect(page.locator("[data-part=age]")).to_have_text(re.compile("[23] s ago"))
    assert page.locator("[data-part=clock]").text_content() != before
    assert page.locator("[role=status]").text_content() == ""
    assert page.locator("[role=status] [data-part=clock]").count() == 0


def test_the_code_is_renewed_before_it_expires(page: Page) -> None:
    before = scan(page)
    with page.expect_response(re.compile(r"code\.json$")):
        page.clock.fast_forward(RENEWAL)
    expect(page.locator("[data-part=age]")).to_have_text(re.compile("[012] s ago"))
    assert scan(page) != before


def test_a_change_of_colour_arrives_with_the_next_code(page: Page, holder: Resident) -> None:
    declare(account=holder.account, person=holder.person, declaration=FEVERISH, at=timezone.now())
    page.clock.fast_forward(RENEWAL)
    expect(page.locator("body")).to_have_class(re.compile("live-yellow"))
    expect(page.locator("h1")).to_have_text(re.compile("Yellow code"))
    expect(page.locator("[role=status]")).to_have_text("The colour has changed: Yellow code.")
    expect(page.locator("[data-part=reasons] li")).to_have_text(re.compile("fever"))
    assert decode(scan(page)).code.colour is Colour.YELLOW


def test_without_a_network_the_page_says_how_long_the_code_holds(
    page: Page, context: BrowserContext
) -> None:
    context.set_offline(True)
    page.clock.fast_forward(RENEWAL)
    expect(page.locator("[role=status]")).to_have_text(
        re.compile(
            r"No connection\. The code on the screen is valid until \d+ \w+ \d{4}, \d\d:\d\d\."
        )
    )
    expect(page.locator("[data-part=age]")).to_have_text(re.compile(r"2 min \d+ s ago"))
    assert scan(page)


def test_an_expired_code_is_gone_and_comes_back_with_the_network(
    page: Page, context: BrowserContext
) -> None:
    context.set_offline(True)
    page.clock.fast_forward(LIFE)
    expect(page.locator("[role=status]")).to_have_text(re.compile("has expired"))
    expect(page.locator("canvas")).to_be_hidden()
    expect(page.locator("h1")).to_be_hidden()
    green = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert green == "rgb(85, 96, 90)"
    context.set_offline(False)
    expect(page.locator("[role=status]")).to_have_text(
        "You are connected again. The code has been renewed."
    )
    assert decode(scan(page)).code.colour is Colour.GREEN


def test_whose_session_is_over_is_sent_to_log_in(page: Page, context: BrowserContext) -> None:
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.clock.fast_forward(RENEWAL)
    page.wait_for_url(re.compile(r"/login\?next="))


def test_reduced_motion_moves_by_the_second_only(
    browser: Browser, live_server: LiveServer, holder: Resident
) -> None:
    context = browser.new_context(viewport=PHONE, reduced_motion="reduce")
    log_in(context, live_server, holder)
    page = context.new_page()
    page.goto(f"{live_server.url}/people/{holder.person.pk}/code")
    band = page.locator(".live-band i")
    expect(band).to_have_css("animation-name", "none")
    before = band.evaluate("element => getComputedStyle(element).transform")
    expect(band).not_to_have_css("transform", before)
    context.close()


def test_without_script_the_server_draws_and_the_page_reloads(
    browser: Browser, live_server: LiveServer, holder: Resident
) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    log_in(context, live_server, holder)
    page = context.new_page()
    page.goto(f"{live_server.url}/people/{holder.person.pk}/code", wait_until="networkidle")
    assert decode(scan(page)).code.colour is Colour.GREEN
    refresh = page.locator("meta[http-equiv=refresh]").get_attribute("content")
    assert refresh == str(settings.LIVE_CODE_SECONDS // 2)
    context.close()
