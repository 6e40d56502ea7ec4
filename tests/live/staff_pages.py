"""Staff who log in to the pages in Chromium, with password and passkey.

Chromium's virtual authenticator holds the passkeys. It ends with its page, so they are copied from
one to the next.
"""

import json
from typing import Any, Final

from playwright.sync_api import CDPSession, Page

from tests.live.service import LiveService

_KEPT: Final[dict[tuple[str, str], dict[str, Any]]] = {}
"""The passkeys of staff by state folder and user name, as Chromium returns them."""
_DEVICE: Final = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class VirtualAuthenticator:
    """The authenticator of a page's device: its holder unlocks it at once."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable")
        made = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE})
        self._id = {"authenticatorId": made["authenticatorId"]}

    def passkeys(self) -> list[dict[str, Any]]:
        """Return the passkeys that it holds, with their private keys."""
        found = self._session.send("WebAuthn.getCredentials", self._id)
        return list(found["credentials"])

    def take(self, passkey: dict[str, Any]) -> None:
        """Put a passkey into it that another one held."""
        self._session.send("WebAuthn.addCredential", {**self._id, "credential": passkey})

    def lock(self) -> None:
        """Let its holder forget the PIN: from now on nobody unlocks it."""
        self._session.send("WebAuthn.setUserVerified", {**self._id, "isUserVerified": False})


def log_in(
    service: LiveService, page: Page, name: str, *, goal: str = "/officer"
) -> VirtualAuthenticator:
    """Log in as one of the demo's staff; officers and administrators with a passkey, too.

    The first login of an account sets the passkey up. Returns the authenticator of the page.
    """
    passwords = json.loads((service.var / "passwords.json").read_text())
    page.goto(f"{service.staff_url}{goal}")
    page.fill("[name=username]", name)
    page.fill("[name=password]", passwords[name])
    authenticator = VirtualAuthenticator(page)
    kept = (str(service.var), name)
    if kept in _KEPT:
        authenticator.take(_KEPT[kept])
    page.click("main form button.button")
    page.wait_for_load_state()
    if "/staff/second-factor" in page.url:
        use_passkey(page)
        (_KEPT[kept],) = authenticator.passkeys()
    return authenticator


def use_passkey(page: Page) -> None:
    """Make or show the passkey that the page asks for, and wait for the next page."""
    before = page.url
    page.click("[data-passkey] [data-part=use]")
    page.wait_for_url(lambda url: url != before)
    page.wait_for_load_state()
