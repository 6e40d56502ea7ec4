"""Pytest plugin: keep servers away from tests that do not say that they need them.

Marks say what a test needs: `servers` the session's PostgreSQL and Valkey, `live` services or
browsers that the test starts itself, `more` servers of Debian. A test without these marks is pure,
and `make test-quick` runs exactly the pure tests.

A pure test that reaches for a server fails in any order of the tests, even while the servers run
for others. Django's database is closed, the addresses in the environment lead nowhere, and an audit
hook of Python reports connections and started programs to this file.
"""

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_django.plugin import blocking_manager_key

from healthcode.tools.run import children
from healthcode.tools.run.environment import NOWHERE

DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup"}
# pytest-django makes this fixture first for each of its database fixtures.
_FIRST_FIXTURE = "_django_db_helper"
MARKS = ("servers", "live", "more")
# These words are in the commands that start servers and whole services.
_STARTERS = {children.LAUNCH, "healthcode.tools.run", "healthcode.tools.run.pair"}
_BROWSERS = ("playwright", "chrom")


class Purity:
    """Which pure test runs now; "" for none."""

    def __init__(self) -> None:
        self.test = ""
        self._brokers: set[tuple[str | None, int | None]] = set()

    @contextmanager
    def of(self, item: pytest.Item) -> Iterator[None]:
        """Keep servers from a test unless its marks tell of them."""
        if not is_pure(item):
            yield
            return
        real = {name: os.environ[name] for name in NOWHERE}
        brokers = [urlsplit(url) for url in (real["BROKER_URL"], NOWHERE["BROKER_URL"])]
        self._brokers = {(broker.hostname, broker.port) for broker in brokers}
        os.environ.update(NOWHERE)
        self.test = item.nodeid
        try:
            with item.config.stash[blocking_manager_key].block():
                yield
        finally:
            self.test = ""
            os.environ.update(real)

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse servers to the pure test; an audit hook (`sys.addaudithook`)."""
        if not self.test:
            return
        if event == "socket.connect" and arguments[1] in self._brokers:
            self.refuse("the broker")
        elif event == "subprocess.Popen":
            program, command = str(arguments[0]), {str(word) for word in arguments[1]}
            if command & _STARTERS or any(name in program for name in _BROWSERS):
                self.refuse(program)

    def refuse(self, what: str) -> None:
        """Fail the test, even if the code in between catches exceptions."""
        pytest.fail(f"{self.test} reaches for {what}, but has no mark of {', '.join(MARKS)}.")


_purity = Purity()
sys.addaudithook(_purity.watch)


def is_pure(item: pytest.Item) -> bool:
    """Tell by its marks whether a test needs no server."""
    return not any(item.get_closest_marker(name) for name in MARKS)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Watch while the fixtures are made."""
    with _purity.of(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Watch the test itself, but not its end, which may remove fixtures of other tests."""
    with _purity.of(item):
        return (yield)


def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> None:
    """Refuse a database fixture that a running test asks for by name."""
    if _purity.test and fixturedef.argname in {*DATABASE_FIXTURES, _FIRST_FIXTURE}:
        _purity.refuse(f"the fixture {fixturedef.argname}")
