"""The SQL of docs/howto/upgrade.md and deploy.md makes the roles that the service needs."""

import gzip
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from healthcode.tools.run.postgres import OWNER, Postgres, _programs
from tests.examples import examples
from tests.upgrade.make import DUMP, run, server

pytestmark = pytest.mark.live


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Postgres]:
    """A server on which nobody has made a role or a database."""
    postgres = server(tmp_path)
    postgres.create()
    postgres.start()
    yield postgres
    postgres.stop()


def psql(url: str, script: bytes) -> None:
    command = [str(_programs() / "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", url]
    subprocess.run(command, input=script, check=True, stdout=subprocess.DEVNULL)


def sql_of(page: str) -> bytes:
    """Return the SQL of a page of docs/howto."""
    texts = [
        it.text for it in examples() if it.document == f"docs/howto/{page}" and it.kind == "sql"
    ]
    assert texts
    return "\n".join(texts).encode()


def logins(postgres: Postgres, *, owner: str, service: str) -> dict[str, str]:
    """Return the settings of the two logins, with these passwords."""
    port = urlsplit(postgres.url("healthcode")).port
    return {
        "DATABASE_URL": f"postgresql://healthcode_service:{service}@127.0.0.1:{port}/healthcode",
        "DATABASE_OWNER_URL": f"postgresql://healthcode:{owner}@127.0.0.1:{port}/healthcode",
    }


def works(settings: dict[str, str]) -> None:
    """Migrate as the owner, and run a command as the service, which checks its login."""
    run(settings, "manage.py", "migrate", "--verbosity=0")
    run({"DATABASE_URL": settings["DATABASE_URL"]}, "manage.py", "load_divisions")


def test_an_installation_of_1_0_0_gets_a_second_role(empty: Postgres) -> None:
    superuser = empty.url("postgres", user="postgres")
    password = urlsplit(empty.url("healthcode")).password or ""
    made = f"CREATE ROLE {OWNER} LOGIN PASSWORD '{password}'; CREATE DATABASE {OWNER} OWNER {OWNER}"
    psql(superuser, made.encode())
    psql(empty.url("healthcode"), gzip.decompress(DUMP.read_bytes()))
    psql(empty.url("healthcode", user="postgres"), sql_of("upgrade.md"))

    works(logins(empty, owner=password, service="choose-one"))


def test_a_server_of_ones_own_gets_both_roles(empty: Postgres) -> None:
    psql(empty.url("postgres", user="postgres"), sql_of("deploy.md"))

    works(logins(empty, owner="choose-one", service="choose-another"))
