"""A reader who follows a page of the documents on a running service, example by example."""

import contextlib
import json
import os
import re
import subprocess
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tests.declared import check
from tests.examples import PageExample
from tests.live.service import ROOT
from tests.live.values import VALUES, Around

NAME: Final = re.compile(r"\$([A-Z_]+)")
PASSWORD: Final = b"a door in the west wall\n"
OURS: Final = ("manage.py", ".venv", "accounts", "healthcode", "verifier")
SHELL: Final = """
curl() { command curl --fail-with-body --silent --show-error "$@"; }
make() { command make --dry-run --directory "$PROJECT" "$@"; }
manage.py() { python manage.py "$@"; }
docker() {
  case "$2" in
    exec|run) while test "$1" != python; do shift; done; "$@" ;;
    build|up) ;;
    *) return 1 ;;
  esac
}
"""
"""`make` says what it would do, and what runs in a container runs beside it. `docker compose build`
and `up` are all that nothing runs here: they need Docker and a network."""


@dataclass
class PageReader:
    """Has a folder and a shell. `addresses` maps the servers of the pages to real ones."""

    folder: Path
    around: Around
    environment: Mapping[str, str]
    addresses: Mapping[str, str]
    answer: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not self.folder.exists():
            self.folder.mkdir()
            for name in OURS:
                (self.folder / name).symlink_to(ROOT / name)
            (self.folder / "var").symlink_to(self.around.service.var)
        (self.folder / "signers.pem").write_bytes(self.around.germany.pem)

    def follow(self, example: PageExample) -> None:
        """Do what the example says. Raises AssertionError when that fails."""
        text = example.text
        for address, server in self.addresses.items():
            text = text.replace(address, server)
        does: dict[str, Callable[[str], None]] = {
            "sh": self._type,
            "http": self._send,
            "csv": self._look_at_map,
            "json": self._compare,
        }
        if example.file:
            (self.folder / example.file).write_text(text, "utf-8")
            if example.kind == "python":
                self._run(["python", example.file, VALUES["CODE"](self.around)])
        else:
            assert example.kind in does, f"{example}: say after the fence which file it is"
            does[example.kind](text)

    def _type(self, script: str) -> None:
        self._run(["bash", "-euo", "pipefail", "-c", SHELL + script], **self._values(script))

    def _values(self, text: str) -> dict[str, str]:
        return {name: VALUES[name](self.around) for name in NAME.findall(text) if name in VALUES}

    def _run(self, command: list[str], **values: str) -> None:
        """Run it at a terminal, and answer every prompt."""
        screen, keyboard = os.openpty()
        path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
        own = {"PATH": path, "PROJECT": str(ROOT), "SERVICE": self.around.service.base_url}
        with (self.folder / "printed").open("w+b") as printed:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**self.environment, **own, **values},
                stdin=keyboard,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            while process.poll() is None:
                _answer(screen)
                time.sleep(0.1)
        os.close(keyboard)
        os.close(screen)
        told = (self.folder / "printed").read_text("utf-8")
        assert process.returncode == 0, f"{command[-1]}\n{told}"

    def _send(self, text: str) -> None:
        values = self._values(text)
        text = NAME.sub(lambda asked: values.get(asked[1], asked[0]), text)
        head, _, body = text.partition("\n\n")
        call, *lines = head.splitlines()
        method, path = call.split()
        headers = {"Content-Type": "application/json"}
        self._ask(method, path, headers | dict(line.split(": ", 1) for line in lines), body)

    def _look_at_map(self, text: str) -> None:
        """Preview the map, as an officer does who pastes the lines."""
        token = VALUES["OFFICER_TOKEN"](self.around)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}
        query = (
            "preview=true&effective_from=2020-02-24&ground_kind=operations&ground=a+test+of+readers"
        )
        self._ask("PUT", f"/api/v1/areas/levels?{query}", headers, text)

    def _ask(self, method: str, path: str, headers: dict[str, str], body: str) -> None:
        url = self.around.service.base_url + quote(path, safe="/?=&%")
        data = body.encode() if body else None
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                content = response.read()
        except urllib.error.HTTPError as error:
            told = error.read().decode()
            raise AssertionError(f"{method} {path}: {error.code} {told}\n{body}") from error
        media_type = response.headers.get("Content-Type", "")
        status, place = response.status, path.partition("?")[0]
        check(method, place, status=status, content_type=media_type, body=content)
        self.answer = json.loads(content) if content else None
        lines = self.answer.get("results", []) if isinstance(self.answer, dict) else []
        assert not [line for line in lines if line.get("problem")], self.answer

    def _compare(self, text: str) -> None:
        """Compare the answer on the page with the last real answer."""
        assert _shape(json.loads(text)) == _shape(self.answer)


def _answer(screen: int) -> None:
    """Answer a prompt: yes, or a password where typing is hidden."""
    is_shown = termios.tcgetattr(screen)[3] & termios.ECHO
    os.write(screen, b"yes\n" if is_shown else PASSWORD)
    os.set_blocking(screen, False)
    with contextlib.suppress(BlockingIOError):
        os.read(screen, 4096)


def _shape(document: Any) -> Any:
    """Return the names of members, without their values."""
    if isinstance(document, dict):
        return {name: _shape(held) for name, held in document.items()}
    return [_shape(held) for held in document] if isinstance(document, list) else None
