"""Fixtures for the tests of colours."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from healthcode.colours.policy import RuleSet
from tests.colours import world

Beside = Callable[..., Future[Any]]
"""Runs a function in a thread and returns a future."""


@pytest.fixture
def policy(db: None) -> RuleSet:
    """Publish the default policy, in force since long ago."""
    return world.publish()


@pytest.fixture
def beside() -> Iterator[Beside]:
    """Run something in a thread with its own database connection."""
    with ThreadPoolExecutor(max_workers=4) as threads:

        def run(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
            def task() -> Any:
                try:
                    return function(*args, **kwargs)
                finally:
                    connections.close_all()

            return threads.submit(task)

        yield run


def backend_pid() -> int:
    """Return the process id of the server process of this thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(pid)


# Not pg_stat_activity, which shows the same rows for a whole transaction.
BLOCKED = "SELECT pid FROM pg_locks WHERE NOT granted AND %s = ANY(pg_blocking_pids(pid))"


def wait_until_blocked(worker: Future[Any], *, by: int) -> None:
    """Wait until some connection waits for a lock of connection `by`."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(BLOCKED, [by])
            if cursor.fetchone():
                return
        assert not worker.done(), worker.result()
        time.sleep(0.05)
    pytest.fail("nobody came to wait for the lock")
