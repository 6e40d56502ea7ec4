"""Handheld scanners, which type what they read: codes on odd keyboards, and barcodes."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.live.browsers import phone
from tests.live.service import LiveService
from tests.live.staff_pages import log_in
from tests.live.test_scanner_page import AT_LEAST_ONCE_MS
from tests.live.test_scanner_troubles import expect_verdict, type_code

TYPED = """keys => {
  for (const [key, code, shiftKey] of [...keys, ["Enter", "Enter", false]]) {
    const press = { key, code, shiftKey, bubbles: true, cancelable: true };
    const event = new KeyboardEvent("keydown", press);
    document.activeElement.dispatchEvent(event);
  }
}"""
SHIFTED = dict(zip("$%*+:", ["Digit4", "Digit5", "Digit8", "Equal", "Semicolon"], strict=True))
PLAIN = {" ": "Space", "-": "Minus", ".": "Period", "/": "Slash"}


def place(letter: str) -> tuple[str, bool]:
    """Return the key of a US keyboard that types a letter of Base45, and whether with Shift."""
    if letter.isalpha():
        return f"Key{letter}", True
    if letter.isdigit():
        return f"Digit{letter}", False
    return (SHIFTED[letter], True) if letter in SHIFTED else (PLAIN[letter], False)


def capslock(letter: str) -> tuple[str, str, bool]:
    return (letter.lower(), *place(letter))


def input_method(letter: str) -> tuple[str, str, bool]:
    return ("Process", *place(letter))


def full_width(letter: str) -> tuple[str, str, bool]:
    return (chr(ord(letter) + 0xFEE0) if letter != " " else "\u3000", *place(letter))


@pytest.mark.parametrize("keyboard", [capslock, input_method, full_width])
def test_a_handheld_scanner_on_an_odd_keyboard(
    service: LiveService, playwright: Playwright, kept: Path, code: str, keyboard: object
) -> None:
    assert callable(keyboard)
    with phone(playwright, kept=kept) as page:
        page.goto(f"{service.base_url}/scanner")
        expect(page.locator("#venue")).not_to_be_empty()
        sent: list[str] = []
        page.on(
            "request",
            lambda one: sent.append(one.post_data or "") if one.url.endswith("/scans") else None,
        )
        page.keyboard.press("Shift")
        page.evaluate(TYPED, [keyboard(letter) for letter in code])
        expect_verdict(page)
        assert [json.loads(body)["code"] for body in sent] == [code]


PRODUCTS = (
    "6901234567892",
    "96385074",
    "036000291452",
    "(01)06901234567892(17)271231",
    "X00-2A/B.C",
)


def counted(service: LiveService, desk: Page) -> tuple[list[str], list[str]]:
    """Return today's counts on the manager's page, and those of `/metrics`."""
    desk.goto(f"{service.staff_url}/venues/{service.demo['device']['venue']}")
    metrics = service.call("GET", "/metrics").body.decode().splitlines()
    return (
        desk.locator("dl.facts").first.locator("dd").all_inner_texts(),
        [line for line in metrics if line.startswith("healthcode_scans_total")],
    )


@pytest.mark.parametrize("reading", ["handheld", "typed"])
def test_a_products_barcode_is_no_refusal_and_nobody_counts_it(
    service: LiveService, playwright: Playwright, kept: Path, code: str, reading: str
) -> None:
    """With network and without. The same counts do count a person's code."""
    with phone(playwright) as desk, phone(playwright, kept=kept) as page:
        log_in(service, desk, "demo.manager")
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.url) if "/api/v1/scans" in one.url else None)
        page.goto(f"{service.base_url}/scanner")
        expect(page.locator("#state-data")).to_contain_text("前", timeout=AT_LEAST_ONCE_MS)
        page.click("summary")
        page.keyboard.press("Shift")
        before = counted(service, desk)
        for is_offline in (False, True):
            page.context.set_offline(is_offline)
            for product in PRODUCTS:
                read(page, product, reading)
                expect(page.locator("#verdict[data-look=no-code]")).to_be_visible()
                expect(page.locator("#verdict-word")).to_have_text("不是健康码")
                assert page.locator("#verdict").get_attribute("data-reason") is None
                page.click("#verdict")
            expect(page.locator("#state-queue")).to_have_text("")
        page.context.set_offline(False)
        page.wait_for_timeout(2000)
        assert sent == []
        assert counted(service, desk) == before

        read(page, code, reading)
        expect_verdict(page)
        assert counted(service, desk)[0] != before[0]
        assert counted(service, desk)[1] != before[1]


def read(page: Page, text: str, reading: str) -> None:
    if reading == "typed":
        type_code(page, text)
    else:
        page.evaluate("() => document.activeElement.blur()")
        page.evaluate(TYPED, [(letter, "", False) for letter in text])
