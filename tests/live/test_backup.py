"""Follow docs/howto/backup.md: back a demo up, destroy it, and restore it to a minute."""

import getpass
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from healthcode.tools.run.postgres import Postgres, _programs
from tests.live.service import ROOT, LiveService, running

pytestmark = pytest.mark.more

PAGE = ROOT / "docs" / "howto" / "backup.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PASSWORD = "choose-one"


def newer_python() -> Path:
    """A Python version that Barman supports."""
    folders = [
        *map(Path, os.environ["PATH"].split(":")),
        *Path.home().glob(".pyenv/versions/*/bin"),
    ]
    # pyenv's commands on the path fail unless their version is selected, so use its folders.
    for folder in folders:
        for minor in (14, 13, 12):
            python = folder / f"python3.{minor}"
            if (
                python.exists()
                and not subprocess.run([python, "--version"], capture_output=True).returncode
            ):
                return python
    pytest.skip("Barman 3.20 needs Python 3.12, and there is none on this machine.")


class Backups:
    """Barman as the page sets it up, but in its own folder instead of the system's."""

    def __init__(self, folder: Path, live: LiveService) -> None:
        self.folder, self.live = folder, live
        self.state = json.loads((live.var / "state.json").read_text())
        self.data = folder / "restored"
        self.safe = folder / "safe.json"
        (folder / "barman.d").mkdir(parents=True)
        (folder / "home").mkdir()
        self.blocks = iter(BLOCK.findall(PAGE.read_text()))

    def next_block(self, language: str) -> str:
        """Return the page's next block, with paths of this machine in place of an operator's."""
        found, text = next(self.blocks)
        assert found == language, text
        places = {
            "/etc/barman.conf": str(self.folder / "barman.conf"),
            "/etc/barman.d": str(self.folder / "barman.d"),
            "/var/lib/barman": str(self.folder / "home"),
            "/opt/barman": str(self.folder / "venv"),
            "/usr/lib/postgresql/18/bin": str(_programs()),
            "barman_user = barman": f"barman_user = {getpass.getuser()}",
            "host=db.example port=5432": f"host=127.0.0.1 port={self.state['ports']['postgres']}",
            "python3.12 ": f"{newer_python()} ",
        }
        for place, here in places.items():
            text = text.replace(place, here)
        return str(text)

    def run(self, **settings: str) -> str:
        """Run the page's next commands in a shell and return their output."""
        (self.folder / "barman").write_text(
            f'#!/bin/sh\nexec {self.folder}/venv/bin/barman -c {self.folder}/barman.conf "$@"\n'
        )
        (self.folder / "barman").chmod(0o755)
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.next_block("sh")],
            env={
                **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
                "PATH": f"{self.folder}:{_programs()}:{os.environ['PATH']}",
                "HOME": str(self.folder / "home"),
                "PIP_CONSTRAINT": str(Path(__file__).with_name("barman.txt")),
                **settings,
            },
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def server(self, folder: Path) -> Postgres:
        """Start PostgreSQL on some data of this service."""
        return Postgres(
            folder,
            port=self.state["ports"]["postgres"],
            password=self.state["secrets"]["POSTGRES_PASSWORD"],
            log=self.folder / "postgres.log",
        )

    def execute(self, statements: str) -> None:
        """Run SQL as the superuser of the database."""
        url = self.server(self.live.var / "postgres").url("healthcode", user="postgres")
        connection = psycopg2.connect(url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statements)
        connection.close()

    def set_up(self) -> None:
        """Sections 1 to 4 of the page."""
        self.execute(self.next_block("sql"))
        self.run()
        (self.folder / "barman.conf").write_text(self.next_block("ini"))
        passwords = self.folder / "home" / ".pgpass"
        passwords.write_text(f"*:*:*:barman:{PASSWORD}\n*:*:*:streaming_barman:{PASSWORD}\n")
        passwords.chmod(0o600)
        assert "Backup completed" in self.run()
        self.run(SECRETS=str(self.live.var / "state.json"), SAFE=str(self.safe))

    def restore(self, minute: datetime) -> None:
        """Section 5: restore into a new folder, start its server, and let it catch up."""
        told = {"LAST_GOOD_MINUTE": minute.isoformat(sep=" "), "DATA": str(self.data)}
        self.run(**told)
        self.run(**told)
        lost = self.live.var
        shutil.rmtree(lost)
        lost.mkdir()
        shutil.copy(self.safe, lost / "state.json")
        shutil.move(self.data, lost / "postgres")
        (lost / "postgres").chmod(0o700)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "nobody", lost / "postgres"], check=True)
        # The restored settings name the old folder of the pieces, which has moved.
        settings = lost / "postgres" / "postgresql.auto.conf"
        settings.write_text(settings.read_text().replace(str(self.data), str(lost / "postgres")))
        server = self.server(lost / "postgres")
        server.start()
        self.run(DATABASE_URL=server.url("healthcode", user="postgres"))
        server.stop()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveService]:
    with running(LiveService(tmp_path / "var")) as service:
        yield service


def scanned(live: LiveService, code: str) -> str:
    token = live.demo["device"]["token"]
    scan = {"id": str(uuid4()), "code": code}
    answer = live.call("POST", "/api/v1/scans", token=token, json_body=scan)
    assert answer.status == 200, answer.body
    return str(answer.body["outcome"])


def test_an_older_code_verifies_after_the_restore(live: LiveService, tmp_path: Path) -> None:
    """A backup at night, a day's work, and a disaster at noon."""
    backups = Backups(tmp_path / "backups", live)
    backups.set_up()
    resident = live.demo["resident"]
    logins = {name: (live.var / name).read_text() for name in ("demo.json", "passwords.json")}
    path = f"/api/v1/people/{resident['person']}/code"
    well = {"person": resident["person"], "symptoms": [], "stays": [], "contact_with_case": False}
    live.call("POST", "/api/v1/declarations", token=resident["token"], json_body=well)
    paper = live.call("GET", f"{path}?kind=paper", token=resident["token"])
    assert paper.status == 200, paper.body
    code = paper.body["code"]
    assert scanned(live, code) == "pass"

    minute = datetime.now(UTC)
    backups.execute("SELECT pg_sleep(1.1); TRUNCATE verifier_venue, colours_personcolour CASCADE")
    backups.execute("DELETE FROM accounts_token")
    live.stop()
    backups.restore(minute)
    for name, text in logins.items():
        (live.var / name).write_text(text)

    live.start()

    assert scanned(live, code) == "pass"
    assert live.call("GET", path, token=resident["token"]).status == 200
