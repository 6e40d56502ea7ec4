"""The service without its supervisor: a test stops, kills and starts each part alone.

Containers work in the same way: each part is started again by itself.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from healthcode.tools.run import children, prepare
from healthcode.tools.run import state as local_state
from healthcode.tools.run.postgres import Postgres
from healthcode.tools.run.service import OWNERS_LOGIN, Address, roles
from healthcode.tools.run.valkey import Valkey
from tests.live.service import ROOT, LiveService, wait_for

PYTHON: Final = [sys.executable, "-m"]
PARTS: Final = ("postgres", "valkey", "web", "worker", "beat")


class ServiceInParts(LiveService):
    """A service whose parts have the names in `PARTS`."""

    def __init__(self, var: Path) -> None:
        super().__init__(var)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._servers: dict[str, Postgres | Valkey] = {}

    def start(self, *, patience: float = 120) -> float:
        """Start all parts and wait until they are ready. Return how many seconds that took."""
        began = time.monotonic()
        state = local_state.load(self.var)
        postgres = Postgres(
            self.var / "postgres",
            port=state.ports["postgres"],
            password=state.secrets["POSTGRES_PASSWORD"],
            service_password=state.secrets[local_state.SERVICE_PASSWORD],
            doors_password=state.secrets[local_state.DOORS_PASSWORD],
            log=state.logs / "postgres.log",
        )
        valkey = Valkey(
            self.var / "valkey",
            port=state.ports["valkey"],
            password=state.secrets["VALKEY_PASSWORD"],
            log=state.logs / "valkey.log",
        )
        self._servers = {"postgres": postgres, "valkey": valkey}
        if postgres.is_new:
            postgres.create()
        self.begin("postgres", "valkey")
        local_state.remember_port(state, "postgres", postgres.port)
        postgres.ensure_database("healthcode")
        self._extra["BROKER_URL"] = valkey.url()
        self._run([*PYTHON, prepare.__name__, str(self.var / "demo.json")], "setup").wait(patience)
        self.begin("web", "worker", "beat")
        self.wait_until_ready(patience=patience)
        return time.monotonic() - began

    def begin(self, *parts: str) -> None:
        """Start these parts. PostgreSQL and Valkey are ready when this returns."""
        address = Address("127.0.0.1", self.port, self.base_url)
        commands = roles(address, self.var)
        for part in parts:
            server = self._servers.get(part)
            self._running[part] = (
                server.start() if server is not None else self._run(commands[part], part)
            )

    def kill(self, *parts: str) -> None:
        """Kill all processes of these parts."""
        victims = [process for part in parts for process in self.of(part)]
        for process in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for part in parts:
            self._running[part].wait(10)
        psutil.wait_procs(victims, timeout=10)

    def of(self, part: str) -> list[psutil.Process]:
        """Return the processes of a part, the parent first."""
        try:
            first = psutil.Process(self._running[part].pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def stop_server(self, part: str) -> None:
        """Stop PostgreSQL or Valkey as an operator does. Its port is closed afterwards."""
        self._servers[part].stop()

    def wait_until_ready(self, *, patience: float = 60) -> None:
        """Wait until the web process is ready."""
        wait_for(self._is_ready, patience=patience)

    def stop_all(self) -> None:
        """Stop every part that runs."""
        for part in reversed(PARTS):
            if part in self._servers:
                self._servers[part].stop()
            elif part in self._running:
                children.stop(self._running[part])

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            return self.call("GET", "/readyz").status == 200
        return False

    def _run(self, command: list[str], name: str) -> subprocess.Popen[bytes]:
        environment = self.environment()
        if name != "setup":
            del environment[OWNERS_LOGIN]
        with (self.var / "log" / f"{name}.log").open("ab") as log:
            return children.start(command, output=log, environment=environment, folder=ROOT)


@contextmanager
def in_parts(var: Path) -> Iterator[ServiceInParts]:
    """Start a service in parts, and stop it in any case."""
    live = ServiceInParts(var)
    try:
        live.start()
        yield live
    finally:
        live.stop_all()
