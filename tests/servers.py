"""Pytest plugin: complete settings, and a private PostgreSQL and Valkey for tests that need them.

pytest loads it with `-p tests.servers`, so that the environment is complete before Django's
settings are read. The settings name servers that do not exist, until a test with the mark `servers`
is about to run: then they start. A test that takes a fixture of the database gets the mark
automatically. A test without it (and without `live` or `more`) that reaches for a server or a
browser fails: tests/purity.py.

When several processes run tests at the same time, each has its own servers. One PostgreSQL for all
would number their transactions together, and a status list uses these numbers to find changes that
it has not seen.

A BROKER_URL in the environment is used as it is. With BEHIND_PGBOUNCER, the tests reach their
PostgreSQL through a PgBouncer in transaction mode.

The owner of the tables makes the test database; the tests themselves run as the service's role
(tests/owner.py).
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pytest_django.plugin import blocking_manager_key

from healthcode.tools.run import ports
from healthcode.tools.run import state as local_state
from healthcode.tools.run.environment import NOWHERE, SETTINGS
from healthcode.tools.run.postgres import DOORS, SERVICE, Postgres
from healthcode.tools.run.valkey import Valkey
from tests import owner
from tests.purity import DATABASE_FIXTURES
from tests.scale.servers import pgbouncer


class Servers:
    """The servers of this process. They start when a test needs them, and stop with pytest."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self.others = ExitStack()

    def reach(self) -> None:
        """Make the settings name servers, and start those that the environment does not name."""
        if self.folder is not None:
            return
        self.folder = Path(tempfile.mkdtemp(prefix="healthcode-tests-"))
        if os.environ["BROKER_URL"] == NOWHERE["BROKER_URL"]:
            self._start_valkey(self.folder)
        if os.environ["DATABASE_URL"] == NOWHERE["DATABASE_URL"]:
            self._start_postgres(self.folder)

    def stop(self) -> None:
        """Stop all and remove their data."""
        self.others.close()
        for server in (self.postgres, self.valkey):
            if server is not None:
                server.stop()
        if self.folder is not None:
            shutil.rmtree(self.folder)

    def _start_valkey(self, folder: Path) -> None:
        from django.conf import settings

        from healthcode.celery import app

        self.valkey = Valkey(
            folder / "valkey",
            port=ports.reserve(),
            password=os.environ["VALKEY_PASSWORD"],
            log=folder / "valkey.log",
        )
        self.valkey.start()
        broker = self.valkey.url()
        os.environ["BROKER_URL"] = broker
        settings.BROKER_URL = settings.CELERY_BROKER_URL = broker
        app.conf.update(broker_url=broker)

    def _start_postgres(self, folder: Path) -> None:
        import dj_database_url
        from django.conf import settings

        self.postgres = Postgres(
            folder / "postgres",
            port=ports.reserve(),
            password=os.environ["POSTGRES_PASSWORD"],
            log=folder / "postgres.log",
            durable=False,
        )
        self.postgres.create()
        self.postgres.start()
        self.postgres.ensure_database("healthcode")
        owner.may_be_the_service(self.postgres)
        logins = self.postgres.logins("healthcode")
        url = logins["DATABASE_OWNER_URL"]
        if os.environ.get("BEHIND_PGBOUNCER"):
            folder.chmod(0o755)
            url = self.others.enter_context(pgbouncer(folder / "pgbouncer", url))
        os.environ["DATABASE_URL"] = logins["DATABASE_URL"]
        # Tests are processes of the service, which do not have it (tests.owner).
        owner.LOGIN.update({"DATABASE_OWNER_URL": logins["DATABASE_OWNER_URL"]})
        settings.SERVICE_ROLE = SERVICE
        settings.DATABASE_DOORS_ROLE = DOORS
        there = dj_database_url.parse(url)
        # Django's connections of all threads share this dictionary.
        for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT"):
            settings.DATABASES["default"][name] = there[name]


_servers = Servers()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """Complete the environment before pytest-django reads the settings."""
    for name, value in (SETTINGS | NOWHERE | local_state.new_secrets()).items():
        os.environ.setdefault(name, value)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, object, object]:
    """Mark tests that use the database before `-m` selects, and put the slow tests first.

    With several processes, one that is done early then still finds short tests to run.
    """
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or fixtures & DATABASE_FIXTURES:
            item.add_marker(pytest.mark.servers)
    result = yield
    items.sort(key=_quickness)
    return result


def _quickness(item: pytest.Item) -> int:
    if item.get_closest_marker("live"):
        return 0
    is_tried_a_hundred_times = hasattr(getattr(item, "obj", None), "hypothesis")
    return 1 if is_tried_a_hundred_times else 2


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start the servers that a test needs before its fixtures are made."""
    if item.get_closest_marker("servers"):
        _servers.reach()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Empty the tables without migrations after a test that commits.

    Django's own flush leaves them. After the last test the database is gone.
    """
    if not _commits(item):
        return (yield)
    with item.config.stash[blocking_manager_key].unblock(), owner.as_owner():
        result = yield
        if nextitem is not None:
            _empty_unmanaged_tables()
    return result


def _commits(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(mark and mark.kwargs.get("transaction")) or not fixtures.isdisjoint(
        {"transactional_db", "live_server"}
    )


def _empty_unmanaged_tables() -> None:
    from django.apps import apps
    from django.db import connection

    tables = [model._meta.db_table for model in apps.get_models() if not model._meta.managed]
    # Once the last browser of a module has ended, this is another connection than before.
    with owner.as_owner(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)}")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop the servers after everything else has been torn down."""
    _servers.stop()
