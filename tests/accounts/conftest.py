"""Areas, phones that log in, and clients with tokens."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts import logins, services
from accounts.models import Account
from healthcode.areas.models import Area
from tests.accounts.people import PHONE
from tests.areas.conftest import country

__all__ = ["country"]

LastCode = Callable[[], str]
"""Return the one-time code that was sent last."""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Use English, because the tests compare English sentences even without compiled Chinese."""
    with translation.override("en"):
        yield


@pytest.fixture
def areas(db: None) -> None:
    """The few divisions that these tests need."""
    names = {"33": "浙江省", "3301": "杭州市", "330106": "西湖区", "330108": "滨江区"}
    Area.objects.bulk_create(
        [Area(code=code, name=name) for code, name in names.items()], ignore_conflicts=True
    )


@pytest.fixture
def last_code(caplog: pytest.LogCaptureFixture) -> LastCode:
    """Return the last one-time code, from the log of the demo's sender."""
    caplog.set_level("INFO", "accounts.sms")

    def read() -> str:
        found = [
            code
            for record in caplog.records
            if record.name == "accounts.sms"
            for code in re.findall(r"\b\d{6}\b|\b\d{4} \d{4} \d{4}\b", record.getMessage())
        ]
        return found[-1]

    return read


@pytest.fixture
def resident(areas: None, last_code: LastCode) -> Account:
    """An account that has logged in and registered nobody yet."""
    now = timezone.now()
    logins.start_login(phone=PHONE, at=now)
    return logins.verify_code(phone=PHONE, otp=last_code(), at=now)[0]


def api_client(account: Account) -> Client:
    """Return a client of the HTTP interface with a token of this account."""
    expires_at = timezone.now() + services.RESIDENT_TOKEN_LIFE
    token = services.issue_token(account=account, label="test", expires_at=expires_at)
    return Client(headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"})
