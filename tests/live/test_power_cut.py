"""The commit of a batch does not wait for the disk. Batches lost in a power cut are done again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from healthcode.tools.run.environment import SETTINGS
from healthcode.tools.run.ports import reserve
from healthcode.tools.run.postgres import Postgres
from healthcode.tools.run.state import new_secrets
from tests.live.halfway import PEOPLE_A_BATCH
from tests.live.service import ROOT

PEOPLE = 600
BATCHES = 10


class Machine:
    """A database server that can lose its power, and programs that use it."""

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self._process = server.start()
        server.ensure_database("city")
        self._environment = {
            **os.environ,
            **SETTINGS,
            **new_secrets(),
            **server.logins("city"),
            # There is no broker. Messages that would wake other workers are lost, without harm.
            "BROKER_URL": "redis://127.0.0.1:1/0",
        }

    def run(self, *command: str) -> str:
        """Run a Python program and return its output."""
        done = subprocess.run(
            [sys.executable, *command],
            env=self._environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def work(self, *batches: str) -> dict[str, Any]:
        """Run a worker to its end and return its output."""
        said: dict[str, Any] = json.loads(self.run("-m", "tests.live.halfway", *batches))
        return said

    def lose_power(self) -> None:
        """Kill the server without a flush to disk (SIGQUIT), and start it again."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)
        self._process = self.server.start()


@pytest.fixture
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine whose server delays the writes for which no commit waits."""
    folder = tmp_path_factory.mktemp("machine")
    server = Postgres(
        folder / "postgres",
        port=reserve(),
        password="of-this-test-alone",
        log=folder / "log",
        settings=["wal_writer_delay=10s", "wal_writer_flush_after=1GB"],
    )
    server.create()
    try:
        yield Machine(server)
    finally:
        server.stop()


def test_what_the_server_forgot_is_done_again(machine: Machine) -> None:
    machine.run("manage.py", "migrate", "--verbosity=0")
    machine.run("manage.py", "generate_city", f"--people={PEOPLE}", "--visits=0")

    told = machine.work(str(BATCHES))
    machine.lose_power()
    found = machine.work()

    assert (told["state"], told["done"]) == ("running", BATCHES * PEOPLE_A_BATCH)
    assert told["noted"] == told["changed"] > 0
    assert (found["state"], found["done"], found["yellow"]) == ("done", PEOPLE, 0)
    assert found["noted"] == found["changed"] > told["changed"]
