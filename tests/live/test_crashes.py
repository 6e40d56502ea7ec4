"""A part is killed or refuses: everything answered is kept, and nobody gets a 500.

In `test_nobody_waits.py` servers are silent. `test_killed_under_load.py` and
`test_pairs_killed.py` kill every part and every pair of parts.
"""

import contextlib
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg2
import pytest
from playwright.sync_api import Playwright, expect

from tests.live.browsers import kept_by_device, phone
from tests.live.load import asked, card_of_the_resident
from tests.live.officer import (
    assert_colours_are_right,
    done,
    halfway,
    progress,
    publish_the_opposite,
)
from tests.live.parts import ServiceInParts, in_parts
from tests.live.service import wait_for
from tests.live.test_door_alone import WITHOUT_WORKER, verdict_on
from tests.live.test_nobody_waits import PROBES, REFUSAL_SECONDS, check, stopped
from tests.live.test_scanner_page import AT_LEAST_ONCE_MS
from tests.live.traffic import Request, Traffic, ask, callers

GONE_SECONDS = 4
UNAVAILABLE = re.compile("现在办不了.*Not available at the moment", re.DOTALL)
Outage = Callable[[ServiceInParts], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceInParts]:
    with in_parts(tmp_path_factory.mktemp("gone") / "var") as service:
        yield service


def test_a_worker_killed_in_the_middle_of_a_recomputation(live: ServiceInParts) -> None:
    """All processes of the worker die after one batch, in the middle of the next."""
    with contextlib.closing(psycopg2.connect(live.environment()["DATABASE_URL"])) as connection:
        hold_somebody_of_the_last_batch(connection)
        number = publish_the_opposite(live).body["recomputation"]
        before = wait_for(lambda: halfway(progress(live, number)), patience=30, every=0.1)
        assert before["state"] == "running"
        live.kill("worker")
    live.begin("worker")
    after = wait_for(lambda: done(progress(live, number)))
    assert after["people_done"] == after["people_found"] >= 3000
    assert after["people_changed"] > before["people_changed"]
    assert_colours_are_right(live)


def hold_somebody_of_the_last_batch(connection: psycopg2.extensions.connection) -> None:
    """Lock a person's colour, so that their batch cannot end while the connection is open."""
    connection.cursor().execute(
        "SELECT 1 FROM colours_personcolour WHERE person_id ="
        " (SELECT max(person_id) FROM evidence_evidence WHERE kind = 'stay') FOR UPDATE"
    )


@contextmanager
def silent_broker(live: ServiceInParts) -> Iterator[None]:
    with stopped(live.of("valkey")):
        yield


@contextmanager
def no_broker(live: ServiceInParts) -> Iterator[None]:
    live.kill("valkey")
    try:
        yield
    finally:
        live.begin("valkey")


@pytest.mark.parametrize("outage", [silent_broker, no_broker])
def test_an_officers_map_is_published_without_a_broker(
    live: ServiceInParts, outage: Outage
) -> None:
    """The first map waits for a time-out, nothing after it does. The sweep recolours later."""
    scan = {"id": str(uuid.uuid4()), "code": "JK1:NO CODE"}
    device = live.demo["device"]["token"]
    took = []
    with outage(live):
        for _ in range(2):
            began = time.monotonic()
            number = publish_the_opposite(live).body["recomputation"]
            took.append(time.monotonic() - began)
        first = live.call("POST", "/api/v1/scans", token=device, json_body=scan)
        assert first.status == 200
        # The health check looks every few seconds, and the probe answers what it saw last.
        wait_for(lambda: live.call("GET", "/readyz").body["broker"] == "down", patience=15)
        assert not done(progress(live, number))
    print(f"\n{outage.__name__}: published in {took[0]:.2f} s, then in {took[1]:.2f} s")
    assert took[0] < REFUSAL_SECONDS
    assert took[1] < 1
    after = wait_for(lambda: done(progress(live, number)), patience=90)
    assert after["people_done"] == after["people_found"] >= 3000
    assert_colours_are_right(live)
    again = live.call("POST", "/api/v1/scans", token=device, json_body=scan)
    assert again.body == first.body


@contextmanager
def nobody_listens(live: ServiceInParts) -> Iterator[None]:
    """PostgreSQL is stopped, so its port is closed."""
    live.stop_server("postgres")
    try:
        yield
    finally:
        live.begin("postgres")


@contextmanager
def killed(live: ServiceInParts) -> Iterator[None]:
    """PostgreSQL is killed, so connections break between question and answer."""
    live.kill("postgres")
    try:
        yield
    finally:
        live.begin("postgres")


@contextmanager
def nobody_is_let_in(live: ServiceInParts) -> Iterator[None]:
    """PostgreSQL runs, but ends all connections and refuses new ones with an error message."""

    def allow(connections: str) -> None:
        server = psycopg2.connect(live.postgres().url("postgres", user="postgres"))
        server.autocommit = True
        with contextlib.closing(server), server.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE healthcode ALLOW_CONNECTIONS {connections}")
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = 'healthcode'"
            )

    allow("false")
    try:
        yield
    finally:
        allow("true")


@pytest.mark.parametrize("outage", [nobody_listens, killed, nobody_is_let_in])
def test_a_database_that_refuses(live: ServiceInParts, outage: Outage) -> None:
    """Doors, phones, officers and readers of pages get 503 with Retry-After until it is back."""
    asking = callers(live, card_of_the_resident(live))
    asking["map"] = lambda: Request("GET", "/map", {"Accept": "text/html"})
    traffic = Traffic(live.port, asking)
    with traffic.during():
        time.sleep(1)
        with outage(live):
            time.sleep(GONE_SECONDS)
            probes = {name: ask(live.port, asking[name]()) for name in PROBES}
            page = ask(live.port, asking["map"]())
        wait_for(lambda: ask(live.port, asking["door"]()).status == 200, patience=5)
    check(traffic, f"PostgreSQL: {outage.__name__} for {GONE_SECONDS} s", answered=("reader",))
    for name in ("door", "phone", "officer", "map"):
        refused = [one for one in traffic.told[name] if one.status == 503]
        assert len(refused) > 10, name
        assert traffic.told[name][0].status == 200, name
    assert {name: told.status for name, told in probes.items()} == {
        "healthz": 200,
        "readyz": 503,
        "metrics": 200,
    }
    assert b'"database": "down"' in probes["readyz"].body
    assert b"healthcode_seen_seconds_ago" in probes["metrics"].body
    assert UNAVAILABLE.search(page.body.decode())


def test_doors_go_on_alone_while_the_database_is_gone(
    live: ServiceInParts, playwright: Playwright, tmp_path: Path
) -> None:
    """The scanner page judges by itself while the server answers 503, and sends its scans later."""
    code = card_of_the_resident(live)
    offline = "SELECT count(*) FROM verifier_scan WHERE offline"
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps(kept_by_device(live)))
    with phone(playwright, kept=kept) as page:
        page.add_init_script(WITHOUT_WORKER)
        page.goto(f"{live.base_url}/scanner")
        expect(page.locator("#state-data")).to_contain_text("前", timeout=AT_LEAST_ONCE_MS)
        before = verdict_on(page, code)
        told: list[int] = []
        page.on("response", lambda one: told.append(one.status))
        with killed(live):
            given = [verdict_on(page, code), verdict_on(page, "JK1:NO CODE")]
            given.append(verdict_on(page, code))
            expect(page.locator("#state-queue")).to_contain_text("3")
            assert set(told) == {503}
        wait_for(lambda: asked(live, offline) == 3, patience=30)
        expect(page.locator("#state-queue")).to_have_text("", timeout=AT_LEAST_ONCE_MS)
        expect(page.locator("#state-link")).to_have_text("已联网")
    assert given == [before, "refuse malformed", before]
    assert before.split(" ")[1] in {"ok", "yellow", "red"}
