"""Kill -9 at the worst moments: everything answered is kept, and the colours become right."""

import contextlib
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import psycopg2
import pytest
from psycopg2.extensions import connection

from healthcode.tools.run.ports import reserve
from healthcode.tools.run.valkey import Valkey
from tests.live.service import ROOT, LiveService, ServiceAnswer, running

Found = TypeVar("Found")
# All levels are reversed, which touches everybody who stayed anywhere in the province.
OPPOSITE = {"red": "green", "orange": "green", "yellow": "green", "blue": "red", "green": "red"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey that is not a child of the service, so that it can be killed alone."""
    folder = tmp_path_factory.mktemp("broker")
    valkey = Valkey(folder / "data", port=reserve(), password=uuid.uuid4().hex, log=folder / "log")
    valkey.start()
    yield valkey
    valkey.stop()


@pytest.fixture(scope="module")
def live(broker: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service only for this file, whose parts are killed."""
    folder = tmp_path_factory.mktemp("crashes") / "var"
    with running(LiveService(folder, BROKER_URL=broker.url())) as service:
        yield service


def wait_for(look: Callable[[], Found | None], seconds: float) -> Found:
    """Call `look` until its result is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.1)
    return found


def publish_the_opposite(live: LiveService) -> ServiceAnswer:
    """Publish a map that changes every level, which touches nearly everybody."""
    levels = live.call("GET", "/api/v1/areas/levels?within=33").body["levels"]
    turned = [{"code": row["code"], "level": OPPOSITE[row["level"]]} for row in levels]
    answer = live.call(
        "PUT",
        "/api/v1/areas/levels",
        token=live.demo["officer"]["token"],
        json_body={"effective_from": "2020-02-24", "ground": "a test", "levels": turned},
    )
    assert answer.status == 200, answer.body
    return answer


def progress(live: LiveService, number: int) -> dict[str, Any]:
    """Return the progress of a recomputation."""
    token = live.demo["officer"]["token"]
    answer = live.call("GET", f"/api/v1/recomputations/{number}", token=token)
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


def halfway(progress: dict[str, Any]) -> dict[str, Any] | None:
    """Return the progress once some of the people are done."""
    return progress if 0 < progress["people_done"] < progress["people_found"] else None


def done(progress: dict[str, Any]) -> dict[str, Any] | None:
    """Return the progress once everybody is done."""
    return progress if progress["state"] == "done" else None


def assert_colours_are_right(live: LiveService) -> None:
    """Assert that everybody has the colour that the reference computes."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.live.inside"],
        env=live.environment(),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(result.stdout)
    assert found["people"] >= 3000
    assert found["differing"] == []


def test_a_worker_killed_in_the_middle_of_a_recomputation(live: LiveService) -> None:
    """All processes of the worker die after one batch, in the middle of the next."""
    with contextlib.closing(psycopg2.connect(live.environment()["DATABASE_URL"])) as connection:
        hold_somebody_of_the_last_batch(connection)
        number = publish_the_opposite(live).body["recomputation"]
        before = wait_for(lambda: halfway(progress(live, number)), 30)
        assert before["state"] == "running"
        for process in live.parts("celery.* worker"):
            process.kill()
    assert live.ended() == 1

    live.start()
    after = wait_for(lambda: done(progress(live, number)), 60)
    assert after["people_done"] == after["people_found"] >= 3000
    assert after["people_changed"] > before["people_changed"]
    assert_colours_are_right(live)


def hold_somebody_of_the_last_batch(connection: connection) -> None:
    """Lock a person's colour, so that their batch cannot end while the connection is open."""
    connection.cursor().execute(
        "SELECT 1 FROM colours_personcolour WHERE person_id ="
        " (SELECT max(person_id) FROM evidence_evidence WHERE kind = 'stay') FOR UPDATE"
    )


def test_valkey_killed_before_an_act(live: LiveService, broker: Valkey) -> None:
    """Without the broker, acts and scans are answered. Once it is back, the colours are right."""
    broker.kill()
    number = publish_the_opposite(live).body["recomputation"]
    scan = {"id": str(uuid.uuid4()), "code": "JK1:NO CODE"}
    device = live.demo["device"]["token"]
    first = live.call("POST", "/api/v1/scans", token=device, json_body=scan)
    assert first.status == 200
    # The health check looks every few seconds, and the probe answers what it saw last.
    wait_for(lambda: live.call("GET", "/readyz").body["broker"] == "down", 15)

    broker.start()
    after = wait_for(lambda: done(progress(live, number)), 90)
    assert after["people_done"] == after["people_found"] >= 3000
    assert_colours_are_right(live)
    again = live.call("POST", "/api/v1/scans", token=device, json_body=scan)
    assert again.body == first.body
