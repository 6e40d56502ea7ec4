"""This version takes over the state of version 1.0.0: its database, its people, its codes."""

import gzip
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from healthcode import core
from healthcode.tools.run import state as local_state
from healthcode.tools.run.postgres import Postgres, _programs
from healthcode.web import catalog
from tests.live.service import ROOT, LiveService, NotStarted, running, wait_for
from tests.upgrade.fill import PEOPLE
from tests.upgrade.make import DUMP, SECRETS, STATE

pytestmark = pytest.mark.live

OLD_ACTS = """
SELECT act.id, act.area, array_agg(filed.area)
FROM accounts_act AS act LEFT JOIN accounts_actarea AS filed ON filed.act_id = act.id
WHERE act.ground_kind = '' GROUP BY act.id
"""


def restored(folder: Path, sql: bytes) -> None:
    """Make `folder` look as `make run` leaves it, with this database."""
    (folder / "log").mkdir(parents=True, mode=0o700)
    (folder / "state.json").write_text(json.dumps({"secrets": SECRETS}))
    state = local_state.load(folder)
    server = Postgres(
        folder / "postgres",
        port=state.ports["postgres"],
        password=SECRETS["POSTGRES_PASSWORD"],
        log=state.logs / "postgres.log",
    )
    server.create()
    server.start()
    try:
        server.ensure_database("healthcode")
        command = [str(_programs() / "psql"), "--quiet", "--set=ON_ERROR_STOP=1"]
        subprocess.run(
            [*command, server.url("healthcode")], input=sql, check=True, stdout=subprocess.DEVNULL
        )
    finally:
        server.stop()
    known = json.loads(STATE.read_text())
    (folder / "demo.json").write_text(json.dumps(known["demo"]))
    (folder / "passwords.json").write_text("{}")


def test_state_of_1_0_0_starts_and_works(tmp_path: Path) -> None:
    known = json.loads(STATE.read_text())
    restored(tmp_path / "var", gzip.decompress(DUMP.read_bytes()))
    with running(LiveService(tmp_path / "var")) as service:
        expected = catalog.FILE.read_text().splitlines()
        with psycopg2.connect(service.environment()["DATABASE_URL"]) as connection:
            cursor = connection.cursor()
            cursor.execute(catalog.CATALOG)
            assert catalog.in_order(row[0] for row in cursor.fetchall()) == expected
            cursor.execute(OLD_ACTS)
            old_acts = cursor.fetchall()
            assert old_acts
            assert [areas for *_, areas in old_acts] == [[area] for _, area, _ in old_acts]
            cursor.execute("SELECT kid, public_spki FROM codes_signingkey ORDER BY id")
            keys = [load_der_public_key(bytes(spki)) for _, spki in cursor.fetchall()]
        assert is_genuine(known["code"], keys, at=datetime.fromisoformat(known["issued_at"]))
        resident, device = service.demo["resident"], service.demo["device"]
        wait_for(lambda: colours_of(service)["differing"] == [], patience=120)
        assert colours_of(service)["people"] > PEOPLE
        answer = service.call("GET", "/api/v1/people", token=resident["token"])
        assert answer.status == 200
        assert "林" in json.dumps(answer.body, ensure_ascii=False), "names open under the old keys"
        path = f"/api/v1/people/{resident['person']}/code"
        code = service.call("GET", path, token=resident["token"])
        assert code.status == 200, code.body
        scan = {"id": "0b5b8a4e-0d6f-4b2f-9c39-3a1f3c8f6d12", "code": code.body["code"]}
        verdict = service.call("POST", "/api/v1/scans", token=device["token"], json_body=scan)
        assert verdict.body["reason"] in {"ok", "yellow", "red"}, verdict.body


def test_state_from_before_1_0_0_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Its tables were changed in place, so no migration leads from them to ours."""
    older = (
        gzip.decompress(DUMP.read_bytes()) + b"ALTER TABLE public.codes_statuslist DROP COLUMN kid;"
    )
    restored(tmp_path / "var", older)
    service = LiveService(tmp_path / "var")
    with pytest.raises(NotStarted) as refusal:
        service.start()
    said = str(refusal.value)
    assert "A version before 1.0.0 made this state" in said
    assert "column codes_statuslist.kid" in said
    assert "move" in said
    assert "Traceback" not in said


def colours_of(service: LiveService) -> dict[str, Any]:
    """Return how many people have a colour, and whose differs from `decide()` on the same facts."""
    looked = subprocess.run(
        [sys.executable, "-m", "tests.live.inside"],
        env=service.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(looked.stdout)
    return found


def is_genuine(text: str, keys: list[object], *, at: datetime) -> bool:
    """Return whether an old code verifies with the database's keys at the time of its issue."""
    known = [core.Key.of(key, 0) for key in keys if isinstance(key, ec.EllipticCurvePublicKey)]
    issuers = {"CN-33": core.Issuer("CN-33", tuple(known))}
    now = int(at.timestamp())
    trust = core.Trust(issuers=issuers, as_of=now)
    verdict = core.verify(text, trust=trust, status=core.Statuses(), rules=core.Rules(), at=now)
    # Without a status list the code is genuine, but the verdict is caution.
    return verdict.code is not None and verdict.reason is core.Reason.STALE_DATA
