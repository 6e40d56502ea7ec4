"""Servers started by the tests have the tests' time, and waiting takes as long as usual."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection

from healthcode.web.days import SHANGHAI
from tests.clocks import moved

# How long a question takes on a busy machine.
SOON = timedelta(seconds=20)

pytestmark = pytest.mark.clock


@pytest.mark.django_db
def test_postgresql_and_valkey_live_at_our_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (in_postgresql,) = cursor.fetchone()
    assert urlsplit(settings.BROKER_URL).hostname == "127.0.0.1"
    seconds, microseconds = redis.Redis.from_url(settings.BROKER_URL).time()
    in_valkey = datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)

    assert abs(in_postgresql - datetime.now(UTC)) < SOON
    assert abs(in_valkey - datetime.now(UTC)) < SOON


def test_a_process_can_be_moved_and_sleeps_no_longer(tmp_path: Path) -> None:
    to = datetime(2028, 2, 28, 23, 58, tzinfo=SHANGHAI)

    found = moved.environment(moved.build(tmp_path), to)

    before = time.monotonic()
    asks = "import time; a = time.monotonic(); time.sleep(0.2); print(a, time.monotonic())"
    told = moved.asked(asks, found)
    began, ended = map(float, told.split())
    assert before <= began <= began + 0.2 <= ended <= time.monotonic()
