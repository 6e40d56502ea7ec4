"""The tests run on real, private servers."""

import contextlib
import os

import psycopg2
import pytest
import redis

pytestmark = pytest.mark.servers


def test_the_database_is_postgresql_18() -> None:
    """`make run` uses the same version."""
    with contextlib.closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection:
        assert connection.server_version // 10000 == 18


def test_the_broker_answers() -> None:
    """Celery's own client can talk to it."""
    assert redis.Redis.from_url(os.environ["BROKER_URL"]).ping()
