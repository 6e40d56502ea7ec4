"""Measure whether doors and phones notice that a whole city is recoloured.

The service runs as it is shipped: a web server, and a Celery worker of two processes. The worker
recolours, publishes the status lists and does all other tasks.
"""

import http.client
import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import Any

import django
import redis

from healthcode.tools.run import children
from healthcode.tools.run.ports import reserve
from healthcode.tools.run.postgres import SERVICE
from healthcode.tools.run.service import granian
from tests.bench.figures import Figure, Goal
from tests.bench.stage import Stage

SUITE = "neighbours"
PAUSE = 0.01
PATIENCE_SECONDS = 3600
AREA = "420106"


def figures(stage: Stage) -> Iterator[Figure]:
    """Return the slowest 1 % of scans and of codes, compared with an idle service."""
    django.setup()
    from tests.bench.city import city
    from tests.bench.entrance import Entrance
    from tests.bench.outbreak import Outbreak, send_travellers

    people = stage.size.small
    database = city(stage, people, name="neighbours")
    send_travellers(database, area=AREA, people=people, travellers=people)
    entrance = Entrance.open()
    outbreak = Outbreak(stage, database, [AREA])
    idle: list[dict[str, float]] = []
    busy: list[dict[str, float]] = []
    with _service(stage, database) as port:
        caller = _Caller(port, entrance)
        caller.slowest(seconds=2)
        for _ in range(min(stage.size.rounds, 3)):
            outbreak.rest()
            idle.append(caller.slowest(seconds=stage.size.seconds))
            recomputation = outbreak.request()
            busy.append(caller.slowest(seconds=stage.size.seconds))
            recomputation.refresh_from_db()
            stage.say(f"  {recomputation.people_done:,} people done meanwhile")
            began = time.monotonic()
            _finish(recomputation)
            stage.say(f"  all recoloured and published {time.monotonic() - began:.0f} s later")
            outbreak.undo()
    for call in ("scan", "code"):
        yield Figure(
            SUITE,
            f"{call}: slowest hundredth while {people:,} are recoloured",
            "the same, idle",
            "ms",
            [one[call] for one in busy],
            [one[call] for one in idle],
            Goal(at_most=2.0),
        )


def _finish(recomputation: Any) -> None:
    """Wait until the workers have finished with it and with the lists.

    Each round must start from rest.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        recomputation.refresh_from_db()
        if recomputation.finished_at is not None and _workers_rest():
            return
        time.sleep(0.5)
    raise AssertionError(f"The workers were not through after {PATIENCE_SECONDS} seconds.")


def _workers_rest() -> bool:
    """Return whether no task is running, or waiting at a worker or at the broker."""
    from celery import current_app

    broker = redis.Redis.from_url(os.environ["BROKER_URL"])
    if broker.llen(current_app.conf.task_default_queue):
        return False
    inspect = current_app.control.inspect()
    answers = [inspect.active(), inspect.reserved()]
    return all(answer is not None and not any(answer.values()) for answer in answers)


@contextmanager
def _service(stage: Stage, database: str) -> Iterator[int]:
    """Run a web server and a worker on the city; yield the port."""
    from celery import current_app

    current_app.control.purge()
    port = reserve()
    environment = {**os.environ, "DATABASE_URL": stage.postgres.url(database, user=SERVICE)}
    celery = [
        sys.executable,
        "-m",
        "celery",
        "--quiet",
        "-A",
        "healthcode.celery",
        "worker",
        "--concurrency=2",
    ]
    with (stage.folder / "service.log").open("ab") as log:
        running = [
            children.start(command, output=log, environment=environment)
            for command in (
                granian("127.0.0.1", port),
                [*celery, "--without-gossip", "--without-mingle"],
            )
        ]
    try:
        _wait(port)
        yield port
    finally:
        for process in running:
            children.stop(process)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("The web server does not answer after a minute.")


class _Caller:
    """Call like a phone that renews its code and a door that scans it, one call after the other."""

    def __init__(self, port: int, entrance: Any) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._person = entrance.person
        self._resident, self._device = entrance.resident, entrance.device

    def slowest(self, *, seconds: float) -> dict[str, float]:
        """Return the 99th percentile of each call over this many seconds, in milliseconds."""
        # The server has closed the idle connection of the round before, so a new one is opened.
        self._connection.close()
        took: dict[str, list[float]] = {"code": [], "scan": []}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.perf_counter()
            code = self._call("GET", f"/api/v1/people/{self._person}/code", self._resident)["code"]
            took["code"].append(time.perf_counter() - began)
            body = {"id": str(uuid.uuid4()), "code": code}
            began = time.perf_counter()
            self._call("POST", "/api/v1/scans", self._device, body)
            took["scan"].append(time.perf_counter() - began)
            time.sleep(PAUSE)
        return {call: quantiles(times, n=100)[98] * 1000 for call, times in took.items()}

    def _call(self, method: str, path: str, token: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        self._connection.request(method, path, content, headers)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        assert response.status < 300, f"{method} {path}: {response.status} {answer}"
        return answer
