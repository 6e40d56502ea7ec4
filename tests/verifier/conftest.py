"""A venue with an enrolled device, and a province whose codes it scans."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Account, Grant, Role
from healthcode.areas.models import Area
from tests.verifier.authority import Authority
from tests.verifier.web import Web, serving
from verifier.doors.authentication import doors
from verifier.doors.enrolment import enrol
from verifier.models import Venue
from verifier.recognition.trust import knowledge
from verifier.venues.services import add_device, create_venue

ClockAt = Callable[[datetime], AbstractContextManager[object]]


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    """Clear this process's caches, so that no test sees the data of another."""
    knowledge.forget()
    doors.forget()
    yield
    knowledge.forget()
    doors.forget()


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def manager(db: None) -> Account:
    """Li Na manages venues in Hangzhou (3301)."""
    account = Account.objects.create(username="li.na")
    Grant.objects.create(account=account, role=Role.VENUE_MANAGER, area="3301")
    Area.objects.get_or_create(code="33", name="浙江省")
    Area.objects.get_or_create(code="3301", name="杭州市")
    Area.objects.get_or_create(code="330106", name="西湖区")
    return account


@pytest.fixture
def venue(manager: Account, now: datetime) -> Venue:
    return create_venue(manager=manager, name="湖滨地铁站", area="330106", at=now)


@pytest.fixture
def device_token(venue: Venue, now: datetime) -> str:
    enrolment = add_device(venue=venue, label="North gate", at=now)
    return enrol(enrolment_code=enrolment.code, sender="192.0.2.1", at=now).token


@pytest.fixture
def door(device_token: str) -> APIClient:
    """A client with the token of the enrolled device, in English."""
    client = APIClient(headers={"Accept-Language": "en"})
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {device_token}")
    return client


@pytest.fixture
def zhejiang(db: None, now: datetime) -> Authority:
    """CN-33, trusted, with an empty status list that was made just now."""
    authority = Authority()
    authority.is_trusted(at=now)
    authority.publishes(at=now)
    return authority


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as site:
        yield site


@pytest.fixture
def _committed(transactional_db: None) -> Iterator[None]:
    """For tests with several connections. Django does not empty `verifier_scan` afterwards."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE verifier_scan")


@pytest.fixture
def clock_at() -> ClockAt:
    """Set the wall clock to another instant, and expire what caches keep by time."""

    def travel(at: datetime) -> AbstractContextManager[object]:
        knowledge.forget()
        doors.forget()
        return time_machine.travel(at, tick=False)

    return travel
