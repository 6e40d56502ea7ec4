"""`python -m healthcode.tools.run.pair`: run two provinces that recognise each other.

`make run-pair` calls this. Each province is a complete service with its own database and keys. They
share only a trust list that an alliance has signed, and witness each other's public log.
Environment variables: VAR is the folder for their data (default var/pair). PORT is the port of
CN-33; CN-31 has the next port.
"""

import os
import secrets
import selectors
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from healthcode.tools.run import children, ports, stopping
from healthcode.tools.run import state as local_state
from healthcode.tools.run.children import LocalError
from healthcode.tools.run.console import Console, LineCutter
from healthcode.tools.run.service import PROJECT
from healthcode.web.files import write_private

_STOP_SECONDS = 60
_LIST_DAYS = 30
_OWN_SERVERS = {
    *("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL"),
    *("BASE_URL", "STAFF_URL", "STATUS_BASE_URL"),
}
_NO_WITNESS = "quorum none\n"
_PUBLISHED = "/.well-known/health-code"


@dataclass(frozen=True)
class Province:
    """One of the two provinces: its name, and where it runs."""

    issuer: str
    title: str
    port: int
    folder: Path

    @property
    def base_url(self) -> str:
        """Return the address of its pages."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def witnesses(self) -> Path:
        """Return the file that names the witnesses of its public log."""
        return self.folder / "witnesses.txt"

    @property
    def witnessed(self) -> Path:
        """Return the file that names the logs which it witnesses."""
        return self.folder / "witnessed-logs.txt"

    def fetch(self, path: str) -> str:
        """Return what it publishes. Raises LocalError."""
        url = f"http://127.0.0.1:{self.port}{_PUBLISHED}{path}"
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return str(response.read().decode())
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            raise LocalError(f"{self.issuer} does not publish {path}: {error}") from error

    def witness(self, log: "Province") -> None:
        """Witness the log of another province, and have it ask this one. Raises LocalError."""
        policy = log.fetch("/log/policy").splitlines()
        logs = [line for line in policy if line.startswith("log ")]
        _write_whole(self.witnessed, "\n".join([*logs, _NO_WITNESS]))
        names = []
        lines = []
        for number, key in enumerate(self.fetch("/witness/keys").splitlines(), 1):
            names.append(f"{self.issuer}-{number}")
            lines.append(f"witness {names[-1]} {key} {self.base_url}{_PUBLISHED}/witness")
        group = f"group {self.issuer} all {' '.join(names)}"
        _write_whole(log.witnesses, "\n".join([*lines, group, f"quorum {self.issuer}", ""]))

    def is_ready(self) -> bool:
        """Return whether its web server answers and is ready."""
        url = f"http://127.0.0.1:{self.port}/readyz"
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


class AllianceFolder:
    """The alliance's folder. It is written by the same commands that a real alliance uses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.list = folder / "trust.jws"
        self.keys = folder / "alliance.json"
        self._secret = folder / "secret"

    def create(self) -> None:
        """Make the alliance's key, once. Raises LocalError."""
        if not self._secret.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_private(self._secret, secrets.token_urlsafe(32))
        if not (self.folder / "alliance.pem").exists():
            self._run("create")

    def recognise(self, provinces: list[Province]) -> None:
        """Sign a list of these provinces with the keys that they publish now. Raises LocalError."""
        for one in provinces:
            what = [one.issuer, one.base_url, "--title", one.title, "--contact", one.base_url]
            self._run("add", *what)
        self._run("sign", "--yes", "--days", str(_LIST_DAYS))

    def _run(self, command: str, *arguments: str) -> None:
        ran = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "healthcode.alliance", command, str(self.folder), *arguments],
            env={
                **os.environ,
                "ALLIANCE_KEY_SECRET": self._secret.read_text(),
                "FETCH_PRIVATE": "1",
            },
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            raise LocalError(f"The alliance's list could not be made: {ran.stderr.strip()}")


class Pair:
    """Both services, and the trust list between them."""

    def __init__(self, folder: Path, port: int) -> None:
        self.provinces = [
            Province("CN-33", "浙江省", port, folder / "CN-33"),
            Province("CN-31", "上海市", port + 1, folder / "CN-31"),
        ]
        self.alliance = AllianceFolder(folder / "alliance")
        logs = folder / "log"
        logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.console = Console(logs)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._pipes = selectors.DefaultSelector()

    def start(self) -> None:
        """Start both services, and let them recognise each other. Raises LocalError."""
        self.alliance.create()
        for province in self.provinces:
            self._start(province)
        while not all(province.is_ready() for province in self.provinces):
            self.watch(seconds=0.5)
        self.alliance.recognise(self.provinces)
        one, other = self.provinces
        one.witness(other)
        other.witness(one)

    def watch(self, *, seconds: float) -> None:
        """Pass on for a while what both services say. Raises LocalError if one has ended."""
        for key, _ in self._pipes.select(seconds):
            name, pipe, lines = key.data
            data = pipe.read(64 * 1024)
            for whole in lines.feed(data or b""):
                self.console.relay(name, whole)
            if data == b"":
                self._pipes.unregister(pipe)
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise LocalError(f"{name} ended by itself, so both provinces stop.")

    def stop(self) -> None:
        """Stop both services."""
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self._processes.values():
            children.stop(process, patience=_STOP_SECONDS)
        self.console.close()

    def _start(self, province: Province) -> None:
        inherited = {k: v for k, v in os.environ.items() if k not in _OWN_SERVERS}
        province.folder.mkdir(parents=True, exist_ok=True)
        for file in (province.witnesses, province.witnessed):
            if not file.exists():
                _write_whole(file, _NO_WITNESS)
        process = children.start(
            [sys.executable, "-m", "healthcode.tools.run"],
            output=subprocess.PIPE,
            environment=inherited
            | {
                "ISSUER": province.issuer,
                "PORT": str(province.port),
                "VAR": str(province.folder),
                "TRUST_LIST": str(self.alliance.list),
                "ALLIANCE_KEYS": str(self.alliance.keys),
                "LOG_POLICY": str(province.witnesses),
                "WITNESSED_LOGS": str(province.witnessed),
            },
            folder=PROJECT,
        )
        self._processes[province.issuer] = process
        pipe = _readable(process)
        self._pipes.register(pipe, selectors.EVENT_READ, (province.issuer, pipe, LineCutter()))


def _write_whole(file: Path, text: str) -> None:
    """Replace a file at once, because the services read it at any moment."""
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


def _readable(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise LocalError("No pipe to a service.")
    os.set_blocking(process.stdout.fileno(), False)
    return process.stdout


def _welcome(pair: Pair) -> str:
    """Return what to print: where the pages are, and what to try."""
    lines = ["", "Two provinces run and recognise each other:"]
    for one in pair.provinces:
        resident = local_state.read_json(one.folder / "demo.json")["resident"]
        known = f"phone {resident['phone']}, document …{resident['document_last4']}"
        lines.append(f"  {one.issuer} {one.title}  {one.base_url}  {known}")
    lines.append(
        f"Their alliance is in {pair.alliance.folder}. These pages show whose codes count:"
    )
    lines += [f"  {one.base_url}/recognised" for one in pair.provinces]
    lines.append("They witness each other's public log, which is at:")
    lines += [f"  {one.base_url}{_PUBLISHED}/log/checkpoint" for one in pair.provinces]
    lines.append("Show a code of one at the other's /scanner. Press Ctrl-C to stop both.\n")
    return "\n".join(lines)


def run() -> int:
    """Run both services until somebody asks to stop; return the exit status."""
    folder = Path(os.environ.get("VAR") or PROJECT / "var" / "pair").absolute()
    parent = os.getppid()
    return stopping.supervised(folder, lambda: _serve(folder, parent=parent))


def _serve(folder: Path, *, parent: int) -> None:
    port = ports.read(os.environ.get("PORT") or "8000", adjacent=2)
    pair = Pair(folder, port)
    try:
        pair.start()
        pair.console.say(_welcome(pair))
        while not children.is_parent_ending(parent):
            pair.watch(seconds=0.5)
    finally:
        stopping.ignore()
        pair.console.say("Stopping …")
        pair.stop()


if __name__ == "__main__":
    sys.exit(run())
