"""Pytest plugin: a private PostgreSQL and Valkey for the test session, and fresh secrets.

Loaded with `-p tests.servers` so that the environment is complete before Django's settings are
read. A DATABASE_URL or BROKER_URL that is set already is used as it is. With BEHIND_PGBOUNCER set,
the tests reach their PostgreSQL through a PgBouncer in transaction mode.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from healthcode.tools.run import state as local_state
from healthcode.tools.run.environment import SETTINGS
from healthcode.tools.run.postgres import Postgres
from healthcode.tools.run.valkey import Valkey
from tests.scale.servers import pgbouncer


class Servers:
    """The servers of this session; stopped when pytest is done."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self.others = ExitStack()

    def start(self) -> None:
        """Complete the environment, starting what it does not name."""
        secrets = local_state.new_secrets()
        for name, value in (SETTINGS | secrets).items():
            os.environ.setdefault(name, value)
        self.folder = Path(tempfile.mkdtemp(prefix="healthcode-tests-"))
        if "DATABASE_URL" not in os.environ:
            self._start_postgres(self.folder, secrets["POSTGRES_PASSWORD"])
        if "BROKER_URL" not in os.environ:
            self.valkey = Valkey(
                self.folder / "valkey",
                port=local_state.free_port(),
                password=secrets["VALKEY_PASSWORD"],
                log=self.folder / "valkey.log",
            )
            self.valkey.start()
            os.environ["BROKER_URL"] = self.valkey.url()

    def _start_postgres(self, folder: Path, password: str) -> None:
        self.postgres = Postgres(
            folder / "postgres",
            port=local_state.free_port(),
            password=password,
            log=folder / "postgres.log",
            durable=False,
        )
        self.postgres.create()
        self.postgres.start()
        self.postgres.ensure_database("healthcode")
        url = self.postgres.url("healthcode")
        if os.environ.get("BEHIND_PGBOUNCER"):
            folder.chmod(0o755)
            url = self.others.enter_context(pgbouncer(folder / "pgbouncer", url))
        os.environ["DATABASE_URL"] = url

    def stop(self) -> None:
        """Stop all and remove their data."""
        self.others.close()
        for server in (self.postgres, self.valkey):
            if server is not None:
                server.stop()
        if self.folder is not None:
            shutil.rmtree(self.folder)


_servers = Servers()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """Start the servers before pytest-django reads the settings."""
    try:
        _servers.start()
    except BaseException:
        _servers.stop()
        raise
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop the servers after everything else has been torn down."""
    _servers.stop()
