"""The whole service, started as a person starts it, for tests that use it from outside."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any, TypeVar

import psutil

from healthcode.tools.run.environment import SETTINGS
from healthcode.tools.run.ports import reserve
from healthcode.tools.run.postgres import Postgres
from healthcode.tools.run.state import DOORS_PASSWORD, SERVICE_PASSWORD, new_secrets

Found = TypeVar("Found")
ROOT = Path(__file__).resolve().parents[2]
# Settings of the test session's own servers, which this service must not see.
_NOT_INHERITED = {
    *("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "MAKELEVEL"),
    *SETTINGS,
    *new_secrets(),
}


def outside_settings() -> dict[str, str]:
    """Return the environment of a person who starts the service from a shell."""
    return {k: v for k, v in os.environ.items() if k not in _NOT_INHERITED}


@dataclass(frozen=True)
class ServiceAnswer:
    """An answer of the service. `body` is parsed if it is JSON."""

    status: int
    body: Any
    headers: Message


class NotStarted(Exception):
    """The service ended, or did not answer in time. The message is its output."""


class LiveService:
    """`make run` with its own state folder, without the installation that precedes it."""

    def __init__(self, var: Path, *, port: int | None = None, **environment: str) -> None:
        self.var = var
        self.port = port or reserve()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.staff_url = f"http://localhost:{self.port}"
        self.output = var.with_name(f"{var.name}.out")
        self.command = [sys.executable, "-m", "healthcode.tools.run"]
        self._extra = environment
        self.process: subprocess.Popen[bytes] | None = None
        self.failures: list[ServiceAnswer] = []
        """The answers to `call` with a server error."""

    @property
    def demo(self) -> dict[str, Any]:
        """The content of `VAR/demo.json`."""
        content: dict[str, Any] = json.loads((self.var / "demo.json").read_text())
        return content

    def environment(self) -> dict[str, str]:
        """The settings of its processes, and the owner's login, to use its data from inside."""
        state = json.loads((self.var / "state.json").read_text())
        servers = {
            **self.postgres().logins("healthcode"),
            "BROKER_URL": self._extra.get("BROKER_URL", "redis://127.0.0.1:1"),
            "BASE_URL": self.base_url,
            "STAFF_URL": self.staff_url,
        }
        secrets: dict[str, str] = state["secrets"]
        return outside_settings() | SETTINGS | secrets | servers

    def postgres(self) -> Postgres:
        """The service's PostgreSQL."""
        state = json.loads((self.var / "state.json").read_text())
        return Postgres(
            self.var / "postgres",
            port=state["ports"]["postgres"],
            password=state["secrets"]["POSTGRES_PASSWORD"],
            service_password=state["secrets"][SERVICE_PASSWORD],
            doors_password=state["secrets"][DOORS_PASSWORD],
            log=self.var / "log" / "postgres.log",
        )

    def start(self, *, patience: float = 120) -> float:
        """Start it and wait for the first page. Return how many seconds that took."""
        began = time.monotonic()
        own = {"VAR": str(self.var), "PORT": str(self.port)}
        environment = outside_settings() | own | self._extra
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=ROOT,
                start_new_session=True,
            )
        while "The service runs at" not in self.output.read_text(errors="replace"):
            if self.process.poll() is not None or time.monotonic() > began + patience:
                tail = self.output.read_text(errors="replace")[-3000:]
                raise NotStarted(f"The service did not start:\n{tail}")
            time.sleep(0.1)
        return time.monotonic() - began

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and return its exit status."""
        assert self.process is not None
        self.process.send_signal(sign)
        return self.process.wait(60)

    def ended(self) -> int:
        """Wait until it ends by itself, and return its exit status."""
        assert self.process is not None
        return self.process.wait(60)

    def family(self) -> list[psutil.Process]:
        """Return all processes of the service, the supervisor first."""
        assert self.process is not None
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def parts(self, pattern: str) -> list[psutil.Process]:
        """Return the processes whose command matches a regular expression."""
        found = [(process, command_of(process)) for process in self.family()[1:]]
        return [process for process, command in found if re.search(pattern, command)]

    def call(
        self, method: str, path: str, *, token: str | None = None, json_body: object = None
    ) -> ServiceAnswer:
        """Send one request to the HTTP interface. An error status is returned like any other."""
        data = None if json_body is None else json.dumps(json_body).encode()
        headers = {"Content-Type": "application/json"} if data is not None else {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = path if path.startswith("http") else self.base_url + path
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return _answer(response.status, response.read(), response.headers)
        except urllib.error.HTTPError as error:
            answer = _answer(error.code, error.read(), error.headers)
        if answer.status >= 500:
            self.failures.append(answer)
        return answer


@contextmanager
def running(live: LiveService) -> Iterator[LiveService]:
    """Start a service, and stop it in any case."""
    try:
        live.start()
        yield live
    finally:
        if live.process is not None and live.process.poll() is None:
            live.stop()


def wait_for(
    look: Callable[[], Found | None], *, patience: float = 60, every: float = 0.2
) -> Found:
    """Call `look` until it returns something, for at most `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"Nothing after {patience} seconds.")


def command_of(process: psutil.Process) -> str:
    """Return how a process was started; nothing for one that has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # zombies, too
        return ""


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return the processes that still run after a few seconds, without zombies."""
    _, left = psutil.wait_procs(processes, timeout=5)
    return [process for process in left if process.status() != psutil.STATUS_ZOMBIE]


def _answer(status: int, body: bytes, headers: Message) -> ServiceAnswer:
    is_json = headers.get_content_type().endswith("json")
    return ServiceAnswer(status, json.loads(body) if is_json and body else body, headers)
