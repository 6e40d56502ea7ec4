"""The check whether a kept connection still works costs no query."""

import os

import pytest
from django.db import connection

from tests.owner import as_owner

of_its_own = pytest.mark.skipif(
    bool(os.environ.get("BEHIND_PGBOUNCER")),
    reason="PgBouncer hands on its own connections to the server, another for each transaction",
)


@of_its_own
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_closed_is_replaced_before_it_fails_anybody() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (before,) = cursor.fetchone()
    assert connection.is_usable()
    with as_owner():
        other = connection.copy()
        other.ensure_connection()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [before])
    other.close()
    assert not connection.is_usable()
    connection.health_check_enabled, connection.health_check_done = True, False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() != (before,)


@of_its_own
@pytest.mark.django_db(transaction=True)
def test_a_living_connection_is_asked_nothing() -> None:
    with as_owner():
        other = connection.copy()
        other.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    assert connection.is_usable()
    with other.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid])
        assert cursor.fetchone() == ("SELECT pg_backend_pid()",)
    other.close()


def test_without_a_connection_there_is_none_to_use() -> None:
    assert not connection.copy().is_usable()
