"""Write the local service's output to the terminal with a prefix, and to a log file a process."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from healthcode.tools.run.children import LocalError

_COLOURS = {"web": 36, "worker": 33, "beat": 35, "setup": 34}


class Console:
    """Writes lines to the terminal, and each process's own lines to its file in `logs`.

    If the terminal goes away, the service goes on and writes only to the files.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._files: dict[str, IO[bytes]] = {}
        self._terminal = True
        self._writable = True
        self._coloured = sys.stdout.isatty()

    def say(self, sentence: str) -> None:
        """Print something for the person who started the service."""
        self._print(f"{sentence}\n")

    def relay(self, name: str, lines: bytes) -> None:
        """Pass on whole lines of process `name`.

        Raises:
            LocalError: its log cannot be written. This is raised once; while everything stops, the
                lines go to the terminal only.
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
                f"{path} cannot be written ({error.strerror}), so the service stops: make room on "
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
    """Cuts a stream of bytes into whole lines. It also cuts lines longer than 64 KiB."""

    LIMIT = 64 * 1024

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that `data` completes, joined; for b"" yield the rest of the stream."""
        self._rest += data
        end = self._rest.rfind(b"\n") + 1
        if not data or len(self._rest) > self.LIMIT:
            end = len(self._rest)
        whole, self._rest = self._rest[:end], self._rest[end:]
        if whole:
            yield whole if whole.endswith(b"\n") else whole + b"\n"
