"""In Chromium: a new device of an old account, and somebody who has got another's number."""

import re
from collections.abc import Iterator

import pytest
from django.conf import LazySettings, settings
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import services
from accounts.models import Account, KnownDevice
from tests.accounts.people import PHONE, WANG
from tests.codes.test_live_page import PHONE as SCREEN
from tests.codes.test_live_page import browser as browser

INBOX: list[str] = []
"""The codes that the telephone received."""


class Telephone:
    """A sender that puts codes into the telephone."""

    def send(self, *, phone: str, text: str) -> None:
        INBOX.extend(re.findall(r"\d{6}", text))


@pytest.fixture
def holder(areas: None, settings: LazySettings) -> Account:
    """The account of Wang, who registered long ago."""
    settings.SMS_SENDER = f"{__name__}.Telephone"
    account = services.resident_account(phone=f"+86{PHONE}")
    services.register_person(
        account=account, relation="self", phone=None, **WANG, at=timezone.now()
    )
    return account


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, holder: Account) -> Iterator[Page]:
    """A new small phone that has entered the code from the text message."""
    context = browser.new_context(viewport=SCREEN)
    context.add_cookies(
        [{"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/login")
    page.get_by_label("Mobile phone number").fill(PHONE)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Six-digit code")).to_be_focused()
    page.keyboard.type(INBOX[-1])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Please confirm that it is you")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == SCREEN["width"]
    yield page
    context.close()


def test_the_holder_answers_on_a_new_device(page: Page, holder: Account) -> None:
    """By keyboard alone: the field has the focus, and a mistake is told beside it."""
    expect(page.get_by_text("This is a new device.")).to_be_visible()
    assert "王" not in page.content()
    field = page.get_by_label("Last four characters of the document number")
    expect(field).to_be_focused()
    page.keyboard.type("0000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("These are not the last four characters")
    page.keyboard.type(WANG["id_number"][-4:].lower())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="My codes")).to_be_visible()
    assert "王" in page.content()
    assert KnownDevice.objects.get().account == holder


def test_who_has_got_the_number_says_that_this_is_not_them(page: Page, holder: Account) -> None:
    button = page.get_by_role("button", name="This is not me: begin a new account")
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("Please tick the box first")
    page.get_by_label("I have just got this phone number").check()
    button.click()
    expect(page.get_by_text("Nobody is registered with this phone number yet.")).to_be_visible()
    holder.refresh_from_db()
    assert holder.phone_index is None
    assert holder.guardianships.count() == 1
    assert KnownDevice.objects.get().account != holder
