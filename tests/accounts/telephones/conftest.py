"""Two telephones, and what each of them received."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest

from accounts import logins
from accounts.models import Account
from tests.accounts.conftest import _english, areas, last_code, resident
from tests.accounts.people import PHONE

__all__ = ["_english", "areas", "last_code", "resident"]

NEW: str = "13900139089"
Messages = Callable[[str], list[str]]
"""Return the texts that a telephone received, by the end of its number."""


@pytest.fixture
def messages(caplog: pytest.LogCaptureFixture) -> Messages:
    """Return the text messages, from the log of the demo's sender."""
    caplog.set_level("INFO", "accounts.sms")

    def read(phone: str) -> list[str]:
        begin = f"To *********{phone[-2:]}: "
        said = (record.getMessage() for record in caplog.records if record.name == "accounts.sms")
        return [text.removeprefix(begin) for text in said if text.startswith(begin)]

    return read


def code_in(text: str) -> str:
    """Return the one-time code in a message."""
    [code] = re.findall(r"(?<!\d)(?:\d{6}|\d{4} \d{4} \d{4})(?!\d)", text)
    return str(code)


def account_with(phone: str, messages: Messages, at: datetime) -> Account:
    """Log in with a telephone, and return its account."""
    logins.start_login(phone=phone, at=at)
    return logins.verify_code(phone=phone, otp=code_in(messages(phone)[-1]), at=at)[0]


OLD = PHONE
