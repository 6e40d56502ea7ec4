"""Kill -9 where it hurts most: what was answered is kept, and the colours come out right."""

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
# All levels turned round: whoever stayed anywhere in the province is touched.
OPPOSITE = {"red": "green", "orange": "green", "yellow": "green", "blue": "red", "green": "red"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey that is not the service's own child, so that it can die alone."""
    folder = tmp_path_factory.mktemp("broker")
    valkey = Valkey(folder / "data", port=reserve(), password=uuid.uuid4().hex, log=folder / "log")
    valkey.start()
    yield valkey
    valkey.stop()


@pytest.fixture(scope="module")
def live(broker: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service of this file's own, to be killed part by part."""
    folder = tmp_path_factory.mktemp("crashes") / "var"
    with running(LiveService(folder, BROKER_URL=broker.url())) as service:
        yield service


def wait_for(look: Callable[[], Found | None], seconds: float) -> Found:
    """What `look` finds, once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.1)
    return found


def publish_the_opposite(live: LiveService) -> ServiceAnswer:
    """Publish a map on which every level is another; touches nearly everybody."""
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
    """How far a recomputation is."""
    token = live.demo["officer"]["token"]
    answer = live.call("GET", f"/api/v1/recomputations/{number}", token=token)
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


def halfway(progress: dict[str, Any]) -> dict[str, Any] | None:
    """The progress, once a part of the people is done."""
    return progress if 0 < progress["people_done"] < progress["people_found"] else None


def done(progress: dict[str, Any]) -> dict[str, Any] | None:
    """The progress, once there is nothing left to do."""
    return progress if progress["state"] == "done" else None


def assert_colours_are_right(live: LiveService) -> None:
    """Everybody has the colour that the reference gives them."""
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
    """One batch is done and one is under way when every process of the worker dies."""
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
    """Lock their colour, so that the batch with them cannot end while the connection lives."""
    connection.cursor().execute(
        "SELECT 1 FROM colours_personcolour WHERE person_id ="
        " (SELECT max(person_id) FROM evidence_evidence WHERE kind = 'stay') FOR UPDATE"
    )


def test_valkey_killed_before_an_act(live: LiveService, broker: Valkey) -> None:
    """With the broker down an act and a scan are answered; when it is back, all has come right."""
    broker.kill()
    number = publish_the_opposite(live).body["recomputation"]
    scan = {"id": str(uuid.uuid4()), "code": "JK1:NO CODE"}
    device = live.demo["device"]["token"]
    first = live.call("POST", "/api/v1/scans", token=device, json_body=scan)
    assert first.status == 200
    # The watch looks every few seconds; whoever asks gets what it saw last.
    wait_for(lambda: live.call("GET", "/readyz").body["broker"] == "down", 15)

    broker.start()
    after = wait_for(lambda: done(progress(live, number)), 90)
    assert after["people_done"] == after["people_found"] >= 3000
    assert_colours_are_right(live)
    again = live.call("POST", "/api/v1/scans", token=device, json_body=scan)
    assert again.body == first.body
