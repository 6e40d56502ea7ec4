"""A process that starts before the database waits for it, so the order of starts is free."""

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from healthcode.tools.run.environment import NOWHERE, SETTINGS
from healthcode.tools.run.ports import reserve
from healthcode.tools.run.postgres import SERVICE, Postgres, _programs
from tests.live.service import ROOT, wait_for
from tests.test_settings import PROCESSES
from tests.upgrade.make import DUMP, SECRETS, run, server

SPEAKING: dict[str, list[str]] = {
    "web": [],
    "worker": ["--loglevel=INFO"],
    "beat": ["--loglevel=INFO"],
}
WAITS = "The database does not answer yet, so this process waits: "


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Postgres]:
    """A server with the tables of this version that is not running yet."""
    postgres = server(tmp_path)
    postgres.create()
    postgres.start()
    try:
        postgres.ensure_database("healthcode")
        psql = [str(_programs() / "psql"), "--quiet", "--set=ON_ERROR_STOP=1"]
        sql = gzip.decompress(DUMP.read_bytes())
        command = [*psql, postgres.url("healthcode")]
        subprocess.run(command, input=sql, check=True, stdout=subprocess.DEVNULL)
        run(postgres.logins("healthcode"), "manage.py", "migrate", "--verbosity=0")
        postgres.stop()
        yield postgres
    finally:
        postgres.stop()


def test_each_process_waits_and_then_starts(stopped: Postgres, tmp_path: Path) -> None:
    secrets = {name: value for name, value in SECRETS.items() if not name.endswith("_PASSWORD")}
    environment = os.environ | SETTINGS | NOWHERE | secrets
    environment |= {
        "DATABASE_URL": stopped.url("healthcode", user=SERVICE),
        "GRANIAN_PORT": str(reserve()),
    }
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    outputs = {name: tmp_path / f"{name}.out" for name in SPEAKING}

    def all_say(words: str) -> bool:
        return all(words in output.read_text() for output in outputs.values())

    with ExitStack() as running:
        for name, output in outputs.items():
            process = subprocess.Popen(
                [sys.executable, *PROCESSES[name], *SPEAKING[name]],
                env=environment,
                cwd=tmp_path,
                stdin=subprocess.DEVNULL,
                stdout=running.enter_context(output.open("wb")),
                stderr=subprocess.STDOUT,
            )
            running.callback(process.wait, 30)
            running.callback(process.terminate)
        wait_for(lambda: all_say(WAITS), patience=40)
        assert not any(" starts" in output.read_text() for output in outputs.values())
        stopped.start()
        wait_for(lambda: all_say("Health code service "))
    assert not any("Traceback" in output.read_text() for output in outputs.values())
