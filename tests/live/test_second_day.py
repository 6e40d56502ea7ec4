"""The service starts and works on state that is months old, at another address."""

import contextlib
import shutil
import subprocess
from pathlib import Path

import psycopg2
import pytest

from healthcode.tools.run.ports import reserve
from healthcode.tools.run.postgres import Postgres
from healthcode.tools.run.state import load
from tests.live.service import LiveService, running

LONG_AGO = """
UPDATE codes_signingkey SET not_before = not_before - interval '91 days',
  signs_until = signs_until - interval '91 days', not_after = not_after - interval '91 days';
UPDATE codes_statuslist SET day = day - 91, built_at = built_at - interval '91 days';
UPDATE verifier_publication SET as_of = as_of - interval '91 days',
  changed_at = changed_at - interval '91 days';
DO $$ DECLARE part text; BEGIN
  FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits
    WHERE inhparent IN ('verifier_scan'::regclass, 'tracing_presence'::regclass)
    AND inhrelid::regclass::text !~ 'default'
  LOOP EXECUTE 'DROP TABLE ' || part; END LOOP; END $$;
"""


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a service that has run once. Do not start one on it."""
    folder = tmp_path_factory.mktemp("stopped") / "var"
    with running(LiveService(folder)):
        pass
    return folder


@pytest.fixture
def var(stopped: Path, tmp_path: Path) -> Path:
    """A copy of the state folder of a service that has run once."""
    folder = tmp_path / "var"
    # PostgreSQL's files belong to another user, and stay so.
    subprocess.run(["cp", "--archive", stopped, folder], check=True)
    return folder


def is_used(service: LiveService) -> None:
    """Get a code as a resident and scan it at the door, which must have fresh data to judge."""
    resident, device = service.demo["resident"], service.demo["device"]
    declaration = {"person": resident["person"], "symptoms": [], "stays": []}
    declaration |= {"contact_with_case": False}
    service.call("POST", "/api/v1/declarations", token=resident["token"], json_body=declaration)
    path = f"/api/v1/people/{resident['person']}/code"
    code = service.call("GET", path, token=resident["token"])
    assert code.status == 200, code.body
    scan = {"id": "0b5b8a4e-0d6f-4b2f-9c39-3a1f3c8f6d11", "code": code.body["code"]}
    verdict = service.call("POST", "/api/v1/scans", token=device["token"], json_body=scan)
    assert verdict.status in {200, 201}, verdict.body
    assert verdict.body["reason"] in {"ok", "yellow", "red"}, verdict.body


def make_old(folder: Path) -> None:
    """Move all times back by 91 days, and drop the partitions that were made in advance."""
    state = load(folder)
    server = Postgres(
        folder / "postgres",
        port=state.ports["postgres"],
        password=state.secrets["POSTGRES_PASSWORD"],
        log=folder / "log" / "postgres.log",
    )
    server.start()
    try:
        url = server.url("healthcode")
        with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(LONG_AGO)
            connection.commit()
    finally:
        server.stop()


def test_state_of_a_quarter_ago_starts_at_another_port(var: Path) -> None:
    """Its key has expired, its lists name the old address, and its partitions end long ago."""
    make_old(var)
    with running(LiveService(var)) as service:
        is_used(service)


def test_a_second_instance_on_the_same_database_starts(var: Path) -> None:
    """It starts with the secrets of the first, which still runs. Without them it says so."""
    with running(LiveService(var)) as first:
        settings = first.environment()
        kept = {name: settings[name] for name in load(var).secrets if name in settings}
        shared = {
            name: settings[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL")
        }
        broker = {"BROKER_URL": f"redis://127.0.0.1:{reserve()}/0"}
        folder = var.with_name("second")
        folder.mkdir()
        for name in ("demo.json", "passwords.json"):
            shutil.copy(var / name, folder)
        second = LiveService(folder, **(shared | broker | kept))
        with running(second):
            is_used(second)
