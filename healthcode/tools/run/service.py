"""Run all processes of the service, from an empty folder to a page that answers."""

import json
import os
import re
import selectors
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from healthcode.tools.run import children
from healthcode.tools.run import state as local_state
from healthcode.tools.run.children import LocalError
from healthcode.tools.run.console import Console, LineCutter
from healthcode.tools.run.environment import SETTINGS
from healthcode.tools.run.postgres import Postgres
from healthcode.tools.run.state import State
from healthcode.tools.run.valkey import Valkey
from healthcode.web.files import write_private

PROJECT = Path(__file__).resolve().parents[3]

OWNERS_LOGIN = "DATABASE_OWNER_URL"
_PROCESSES = "processes.json"
_LOGS = {"PostgreSQL": "postgres", "Valkey": "valkey"}
_EXPECTED_WARNINGS = (
    "ignore:You're running the worker with superuser privileges",
    # On a developer's machine static files are not collected, but served from where they are.
    "ignore:No directory at",
)


# The same options as in the Dockerfile; docs/howto/deploy.md explains them.
_GRANIAN = [
    *("--interface", "asgi"),
    *("--http", "1"),
    "--no-ws",
    *("--backlog", "4096"),
    *("--backpressure", "4096"),
    *("--http1-header-read-timeout", "10000"),
    *("--workers-kill-timeout", "5"),
    "--factory",
    "healthcode.asgi:begin",
]


def granian(host: str, port: int, *, workers: int = 1) -> list[str]:
    """Return the command that serves pages and interface."""
    own = ["--host", host, "--port", str(port), "--workers", str(workers)]
    return [sys.executable, "-m", "granian", *own, *_GRANIAN]


@dataclass(frozen=True)
class Address:
    """Where the web server listens, and the address that clients use."""

    host: str
    port: int
    base_url: str


def staff_url(base_url: str) -> str:
    """Return where staff log in: a browser keeps no passkeys for an IP address."""
    return re.sub(r"//(127\.0\.0\.1|0\.0\.0\.0)(?=:|$)", "//localhost", base_url)


def roles(address: Address, folder: Path) -> Mapping[str, list[str]]:
    """The command of each process beside the servers, in the order in which they start."""
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "healthcode.celery"]
    quiet = ["--without-gossip", "--without-mingle"]
    schedule = folder / "beat-schedule"
    return {
        "web": granian(address.host, address.port),
        "worker": [*celery, "worker", "--concurrency=2", "--loglevel=INFO", *quiet],
        "beat": [*celery, "beat", "--loglevel=INFO", "--pidfile=", f"--schedule={schedule}"],
    }


@dataclass
class _Role:
    """A process whose output is passed on. `pipe` is closed at the end of the output."""

    name: str
    process: subprocess.Popen[bytes]
    pipe: IO[bytes]
    lines: LineCutter


class Service:
    """Starts everything in order, passes on what it says, and stops everything."""

    def __init__(self, state: State, address: Address, console: Console) -> None:
        self.state = state
        self.address = address
        self.console = console
        self._postgres: Postgres | None = None
        self._valkey: Valkey | None = None
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        self._roles: dict[str, _Role] = {}
        self._pipes = selectors.DefaultSelector()
        self._environment = self._settings()
        # Only the preparation of the database gets it.
        self._owner = self._environment.pop(OWNERS_LOGIN, "")

    def start(self) -> None:
        """Start servers, data and processes, until the first page answers.

        Raises:
            LocalError: a part cannot be started. The sentence says which, and why.
        """
        children.adopt_orphans()
        self._start_postgres()
        self._start_valkey()
        self._prepare()
        for name, command in roles(self.address, self.state.folder).items():
            self._start_role(name, command)
        self._remember()
        self._wait_for_the_first_page()

    def watch(self, *, seconds: float) -> None:
        """Pass on output for a while.

        Raises:
            LocalError: a part ended by itself. The sentence says which, and how.
        """
        self._relay(seconds=seconds)
        self._check()

    def stop(self) -> None:
        """Stop every process that this service started, and their descendants."""
        for role in self._roles.values():
            if role.process.poll() is None:
                role.process.terminate()
        for role in self._roles.values():
            children.stop(role.process)
        self._relay(seconds=0)
        if self._valkey is not None:
            self._valkey.stop()
        if self._postgres is not None:
            self._postgres.stop()
        children.kill_descendants()
        (self.state.folder / _PROCESSES).unlink(missing_ok=True)

    def _settings(self) -> dict[str, str]:
        """Return the environment of every process; variables that are already set win."""
        secrets = {k: v for k, v in self.state.secrets.items() if not k.endswith("_PASSWORD")}
        ours = {
            "BASE_URL": self.address.base_url,
            "STAFF_URL": staff_url(self.address.base_url),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": ",".join(_EXPECTED_WARNINGS),
        }
        return SETTINGS | secrets | ours | dict(os.environ)

    def _start_postgres(self) -> None:
        if "DATABASE_URL" in self._environment:
            if not self._owner:
                raise LocalError(
                    "DATABASE_URL is set, and DATABASE_OWNER_URL is not: set both "
                    "(docs/reference/settings.md)."
                )
            self.console.say("Using the PostgreSQL that DATABASE_URL names.")
            return
        postgres = Postgres(
            self.state.folder / "postgres",
            port=self.state.ports["postgres"],
            password=self.state.secrets["POSTGRES_PASSWORD"],
            service_password=self.state.secrets[local_state.SERVICE_PASSWORD],
            doors_password=self.state.secrets[local_state.DOORS_PASSWORD],
            log=self.state.logs / "postgres.log",
        )
        if postgres.is_new:
            self.console.say("Creating a private PostgreSQL (only the first time) …")
            postgres.create()
        self._postgres = postgres
        self._servers["PostgreSQL"] = postgres.start()
        local_state.remember_port(self.state, "postgres", postgres.port)
        postgres.ensure_database("healthcode")
        logins = postgres.logins("healthcode")
        self._owner = logins.pop(OWNERS_LOGIN)
        self._environment |= logins

    def _start_valkey(self) -> None:
        if "BROKER_URL" in self._environment:
            self.console.say("Using the broker that BROKER_URL names.")
            return
        self._valkey = Valkey(
            self.state.folder / "valkey",
            port=self.state.ports["valkey"],
            password=self.state.secrets["VALKEY_PASSWORD"],
            log=self.state.logs / "valkey.log",
        )
        self._servers["Valkey"] = self._valkey.start()
        local_state.remember_port(self.state, "valkey", self._valkey.port)
        self._environment["BROKER_URL"] = self._valkey.url()

    def _prepare(self) -> None:
        """Migrate the database, and load the divisions and the demo if they are missing."""
        demo = self.state.folder / "demo.json"
        command = [sys.executable, "-m", "healthcode.tools.run.prepare", str(demo)]
        self._start_role("setup", command, {OWNERS_LOGIN: self._owner})
        setup = self._roles["setup"]
        while not setup.pipe.closed:
            self._relay(seconds=0.1)
        del self._roles["setup"]
        if setup.process.wait() != 0:
            raise LocalError(
                f"Preparing the database failed; {self.state.logs / 'setup.log'} says why."
            )

    def _start_role(
        self, name: str, command: list[str], more: Mapping[str, str] | None = None
    ) -> None:
        process = children.start(
            command,
            output=subprocess.PIPE,
            environment=self._environment | dict(more or {}),
            folder=PROJECT,
        )
        if process.stdout is None:
            raise LocalError(f"No pipe to {name}.")
        os.set_blocking(process.stdout.fileno(), False)
        role = _Role(name, process, process.stdout, LineCutter())
        self._roles[name] = role
        self._pipes.register(role.pipe, selectors.EVENT_READ, role)

    def _relay(self, *, seconds: float) -> None:
        """Pass on the available output; wait for it at most `seconds`."""
        for key, _ in self._pipes.select(seconds):
            role: _Role = key.data
            data = role.pipe.read(64 * 1024)
            for lines in role.lines.feed(data or b""):
                self.console.relay(role.name, lines)
            if data == b"":
                self._pipes.unregister(role.pipe)
                role.pipe.close()

    def _check(self) -> None:
        """Raise LocalError if a part no longer runs."""
        running = self._servers | {name: role.process for name, role in self._roles.items()}
        for name, process in running.items():
            status = process.poll()
            if status is not None:
                how = f"with status {status}" if status >= 0 else f"by signal {-status}"
                raise LocalError(
                    f"{name} ended by itself {how}, so the service stops; "
                    f"{self.state.logs / _LOGS.get(name, name)}.log may say why."
                )

    def _wait_for_the_first_page(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self._relay(seconds=0.1)
            self._check()
            if self._answers():
                return
        raise LocalError(f"{self.address.base_url} does not answer after a minute.")

    def _answers(self) -> bool:
        url = f"http://{self._reachable_host()}:{self.address.port}/readyz"
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def _reachable_host(self) -> str:
        return "127.0.0.1" if self.address.host == "0.0.0.0" else self.address.host  # noqa: S104 - compared, not bound

    def _remember(self) -> None:
        """Store which processes run, so that a successor can end them if this process is killed."""
        pids = [role.process.pid for role in self._roles.values()]
        pids += [process.pid for process in self._servers.values()]
        started: Mapping[int, float] = {pid: psutil.Process(pid).create_time() for pid in pids}
        write_private(self.state.folder / _PROCESSES, json.dumps(started))


def end_predecessors(folder: Path) -> None:
    """End the processes that a killed supervisor of this state folder left.

    Only the holder of its lock may.
    """
    path = folder / _PROCESSES
    if path.exists():
        for pid, started in local_state.read_json(path).items():
            children.end(int(pid), started)
        path.unlink()
