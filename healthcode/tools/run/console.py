"""What the local service says: one prefix and colour a process on the terminal, one file a log."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from healthcode.tools.run.children import LocalError

_COLOURS = {"web": 36, "worker": 33, "beat": 35, "setup": 34}


class Console:
    """Writes lines to the terminal, and each process's own lines to its file in `logs`.

    A terminal that has gone away is no reason to stop working: its lines are then only in files.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._files: dict[str, IO[bytes]] = {}
        self._terminal = True
        self._writable = True
        self._coloured = sys.stdout.isatty()

    def say(self, sentence: str) -> None:
        """Tell the person who started the service something."""
        self._print(f"{sentence}\n")

    def relay(self, name: str, lines: bytes) -> None:
        """Pass on whole lines that process `name` wrote.

        Raises:
            LocalError: its log cannot be written. Told once: while all stops, the terminal has it.
        """
        prefix = f"{name:6} │ "
        if self._coloured:
            prefix = f"\033[{_COLOURS.get(name, 37)}m{prefix}\033[0m"
        text = lines.decode("utf-8", "replace")
        self._print("".join(f"{prefix}{line}\n" for line in text.splitlines()))
        if self._writable:
            self._write(name, lines)

    def _write(self, name: str, lines: bytes) -> None:
        path = self._logs / f"{name}.log"
        try:
            if name not in self._files:
                self._files[name] = path.open("ab", buffering=0)
            self._files[name].write(lines)
        except OSError as error:
            self._writable = False
            raise LocalError(
                f"{path} cannot be written ({error.strerror}), so everything stops: make room on "
                "its disk, or set VAR to a folder elsewhere."
            ) from error

    def close(self) -> None:
        """Close the log files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _print(self, text: str) -> None:
        if not self._terminal:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            self._terminal = False


class LineCutter:
    """Cuts a stream of bytes into whole lines; a line longer than 64 KiB is cut."""

    LIMIT = 64 * 1024

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines that `data` completes, together, and the rest of the stream when it is b""."""
        self._rest += data
        end = self._rest.rfind(b"\n") + 1
        if not data or len(self._rest) > self.LIMIT:
            end = len(self._rest)
        whole, self._rest = self._rest[:end], self._rest[end:]
        if whole:
            yield whole if whole.endswith(b"\n") else whole + b"\n"
