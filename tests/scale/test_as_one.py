"""Two web servers, two workers and two beats on one database behave as one service.

The same tests run with Valkey, with PgBouncer in transaction mode in front of the database, and
with RabbitMQ as the broker (tests/scale/conftest.py).
"""

import contextlib
import json
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2

from tests.live.officer import publish_the_opposite
from tests.live.service import ROOT
from tests.scale.conftest import Fleet

PATIENCE_SECONDS = 120


def rows(fleet: Fleet, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Return what a query in the database finds."""
    with contextlib.closing(psycopg2.connect(fleet.database)) as connection:
        cursor = connection.cursor()
        cursor.execute(query, values)
        return list(cursor.fetchall())


def finished(fleet: Fleet, number: int) -> dict[str, Any]:
    """Return the finished recomputation as both servers report it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    token = fleet.first.demo["officer"]["token"]
    while True:
        told = [
            fleet.first.call("GET", f"{base}/api/v1/recomputations/{number}", token=token).body
            for base in (fleet.first.base_url, fleet.second_url)
        ]
        if all(one["state"] == "done" for one in told):
            assert told[0] == told[1]
            progress: dict[str, Any] = told[0]
            return progress
        assert time.monotonic() < deadline, told
        time.sleep(0.3)


def test_no_work_is_done_twice_and_no_act_is_lost(fleet: Fleet) -> None:
    """Two servers publish two maps; each person's changes are counted once."""
    for base_url in (fleet.first.base_url, fleet.second_url):
        number = publish_the_opposite(fleet.first, base_url).body["recomputation"]
        progress = finished(fleet, number)
        assert progress["people_done"] == progress["people_found"] >= 3000
        [(changes,)] = rows(
            fleet,
            "SELECT count(*) FROM colours_colourchange WHERE recomputation_id = %s",
            number,
        )
        assert changes == progress["people_changed"]
    assert not rows(fleet, "SELECT 1 FROM colours_recomputationbatch")
    uncounted = """
        SELECT person_id FROM colours_personcolour AS person
        WHERE changes <> (SELECT count(*) FROM colours_colourchange AS change
                          WHERE change.person_id = person.person_id)
    """
    assert not rows(fleet, uncounted)


def test_everybody_has_the_colour_that_the_reference_gives(fleet: Fleet) -> None:
    """It does not matter which worker decided."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.live.inside"],
        env=fleet.environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(result.stdout)
    assert found["people"] >= 3000
    assert found["differing"] == []


def test_a_scan_sent_to_both_servers_at_once_is_one_scan(fleet: Fleet) -> None:
    """Twenty scans, each sent twice at the same time, give one row and one answer each."""
    device = fleet.first.demo["device"]["token"]

    def send(base_url: str, scan: dict[str, str]) -> Any:
        answer = fleet.first.call("POST", f"{base_url}/api/v1/scans", token=device, json_body=scan)
        assert answer.status == 200, answer.body
        return answer.body

    with ThreadPoolExecutor(max_workers=2) as both:
        for _ in range(20):
            scan = {"id": str(uuid.uuid4()), "code": "JK1:NOT A CODE"}
            one, other = both.map(send, (fleet.first.base_url, fleet.second_url), (scan, scan))
            assert one == other
            assert rows(fleet, "SELECT count(*) FROM verifier_scan WHERE id = %s", scan["id"]) == [
                (1,)
            ]


def test_a_session_holds_at_both_servers(fleet: Fleet) -> None:
    """A token that one server revokes is invalid at the other."""
    token = fleet.first.demo["partner"]["token"]
    for base_url in (fleet.first.base_url, fleet.second_url):
        assert fleet.first.call("DELETE", f"{base_url}/api/v1/auth/token").status == 401
    answer = fleet.first.call("DELETE", f"{fleet.second_url}/api/v1/auth/token", token=token)
    assert answer.status == 204
    again = fleet.first.call("DELETE", f"{fleet.first.base_url}/api/v1/auth/token", token=token)
    assert again.status == 401


def test_what_beat_asks_for_twice_happens_once(fleet: Fleet) -> None:
    """Each policy has one recomputation, each day one list and partition, even if asked twice."""
    assert rows(fleet, "SELECT count(*) FROM colours_recomputation WHERE cause = 'policy'") == rows(
        fleet, "SELECT count(*) FROM colours_policy"
    )
    assert not rows(
        fleet,
        "SELECT person_id, number FROM colours_colourchange GROUP BY 1, 2 HAVING count(*) > 1",
    )
