"""Run the service several times on one database, behind each set of servers that it supports."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from healthcode.tools.run.environment import SETTINGS
from healthcode.tools.run.ports import reserve
from healthcode.tools.run.postgres import Postgres
from healthcode.tools.run.service import granian
from healthcode.tools.run.valkey import Valkey
from tests.live.service import ROOT, LiveService, outside_settings, running
from tests.scale import servers

HERE = Path(__file__).parent
PASSWORD = "of-these-tests-alone"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder is live. Tests that need a server from Debian are marked below."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


@dataclass(frozen=True)
class Fleet:
    """Two web servers, two workers and two beats; `database` bypasses any pooler."""

    first: LiveService
    second_url: str
    database: str
    environment: dict[str, str]


@pytest.fixture(
    scope="session",
    params=[
        "valkey",
        pytest.param("pgbouncer", marks=pytest.mark.more),
        pytest.param("rabbitmq", marks=pytest.mark.more),
    ],
)
def fleet(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """Start everything twice, with the servers that the parameter names."""
    kind = request.param
    folder = tmp_path_factory.mktemp(kind)
    with ExitStack() as stack:
        logins = postgres_at(folder, stack)
        direct = logins["DATABASE_OWNER_URL"]
        if kind == "pgbouncer":
            logins["DATABASE_URL"] = stack.enter_context(
                servers.pgbouncer(folder / "pgbouncer", logins["DATABASE_URL"])
            )
        if kind == "rabbitmq":
            broker = stack.enter_context(servers.rabbitmq(folder / "rabbitmq"))
        else:
            broker = valkey_at(folder, stack)
        # Every combination gets the same rows, and no test waits for another's servers.
        first = stack.enter_context(
            running(LiveService(folder / "var", **logins, BROKER_URL=broker))
        )
        own = {"DATABASE_URL": logins["DATABASE_URL"], "BROKER_URL": broker}
        secrets = json.loads((first.var / "state.json").read_text())["secrets"]
        environment = outside_settings() | SETTINGS | secrets | own | {"BASE_URL": first.base_url}
        second = second_half(folder, environment, stack)
        yield Fleet(first, second, direct, environment)


def postgres_at(folder: Path, stack: ExitStack) -> dict[str, str]:
    """Start a PostgreSQL with an empty database; return its logins."""
    postgres = Postgres(
        folder / "postgres",
        port=reserve(),
        password=PASSWORD,
        log=folder / "postgres.log",
        durable=False,
    )
    postgres.create()
    postgres.start()
    stack.callback(postgres.stop)
    postgres.ensure_database("healthcode")
    return postgres.logins("healthcode")


def valkey_at(folder: Path, stack: ExitStack) -> str:
    """Start a Valkey; yield its URL."""
    valkey = Valkey(folder / "valkey", port=reserve(), password=PASSWORD, log=folder / "valkey.log")
    valkey.start()
    stack.callback(valkey.stop)
    return valkey.url()


def second_half(folder: Path, environment: dict[str, str], stack: ExitStack) -> str:
    """Start another web server, worker and beat, as on another machine; yield the address."""
    port = reserve()
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "healthcode.celery"]
    commands = {
        "web": granian("127.0.0.1", port),
        "worker": [*celery, "worker", "--concurrency=2", "--hostname=second@%h"],
        "beat": [*celery, "beat", "--pidfile=", f"--schedule={folder / 'second-beat'}"],
    }
    for name, command in commands.items():
        with (folder / f"second-{name}.log").open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | environment,
                cwd=ROOT,
                start_new_session=True,
            )
        stack.callback(servers.stop_group, process)
    servers.wait_until_listening(port)
    return f"http://127.0.0.1:{port}"
