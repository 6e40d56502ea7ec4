"""One thing fails, and nobody waits long: each caller gets an answer or is told to try again.

Doors that can be answered are answered within 2 s. The others get 503 with Retry-After within 3 s.
Probes answer within 1 s. The figures are printed (`pytest -s -m 'live or more'`).
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import psutil
import psycopg2
import pytest

from tests.live.service import LiveService, wait_for
from tests.live.traffic import Request, Traffic, TrafficAnswer, ask, callers

ANSWER_SECONDS = 2
REFUSAL_SECONDS = 3
PROBE_SECONDS = 1
SLOW_BODIES = 50
IDLE = 1500
PROBES = ("healthz", "readyz", "metrics")

# `make test` runs six seconds of each fault, and `make test-more` forty.
long_and_short = pytest.mark.parametrize("seconds", [4, pytest.param(40, marks=pytest.mark.more)])


@pytest.fixture
def traffic(service: LiveService, code: str) -> Traffic:
    """Callers of all kinds, calling all the time."""
    return Traffic(service.port, callers(service, code))


def check(traffic: Traffic, fault: str, *, answered: tuple[str, ...]) -> None:
    """Assert that nobody waited too long, and that the callers in `answered` were served."""
    print(f"\n{fault}\n{traffic.figures()}")
    for name, told in traffic.told.items():
        assert told, name
        soonest = ANSWER_SECONDS if name in ("door", "phone") else REFUSAL_SECONDS
        slowest = PROBE_SECONDS if name in PROBES else REFUSAL_SECONDS
        for one in told:
            assert one.status in (200, 503), (name, one)
            assert one.seconds < (soonest if one.status == 200 else slowest), (name, one)
            if one.status == 503:
                assert one.retry_after is not None, (name, one)
                assert 1 <= int(one.retry_after) <= 10
    assert {one.status for one in traffic.told["healthz"]} == {200}
    assert all(one.seconds < PROBE_SECONDS for name in PROBES for one in traffic.told[name])
    for name in answered:
        refused = [one for one in traffic.told[name] if one.status != 200]
        assert len(refused) <= 0.05 * len(traffic.told[name]), (
            name,
            [one.body for one in refused[:3]],
        )


EVERYBODY = ("door", "phone", "officer", "reader", *PROBES)


@contextmanager
def slow_bodies(port: int, tokens: list[str]) -> Iterator[None]:
    """Let so many callers send one byte of their body a second, without end."""
    over = threading.Event()
    paths = ["/api/v1/scans", "/api/v1/declarations", "/api/v1/auth/otp", "/officer/map", "/login"]

    def send(number: int) -> None:
        while not over.is_set():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as s:
                head = (
                    f"POST {paths[number % len(paths)]} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    f"Authorization: Bearer {tokens[number % len(tokens)]}\r\n"
                    "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
                )
                s.sendall(head.encode())
                while not over.wait(1):
                    s.sendall(b"{")

    threads = [threading.Thread(target=send, args=[number]) for number in range(SLOW_BODIES)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@long_and_short
def test_bodies_that_never_end_take_nobody_s_place(
    service: LiveService, traffic: Traffic, seconds: int
) -> None:
    tokens = [service.demo[who]["token"] for who in ("device", "resident", "officer")]
    with slow_bodies(service.port, tokens), traffic.during():
        time.sleep(seconds)
    check(traffic, f"{SLOW_BODIES} bodies that never end", answered=EVERYBODY)


@pytest.fixture(scope="module", autouse=True)
def late(service: LiveService) -> Iterator[Future[tuple[bytes, float]]]:
    """The answer to a body that never comes, and after how many seconds it was given.

    It takes ten seconds, and other tests run in the meantime.
    """

    def send() -> tuple[bytes, float]:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", service.port), timeout=30) as slow:
            slow.sendall(b"POST /api/v1/scans HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
            told = slow.makefile("rb").read()
        return told, time.monotonic() - began

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(send)


def test_a_body_of_unknown_length_gets_a_sentence_and_is_never_empty(service: LiveService) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as chunked:
        head = (
            b"POST /api/v1/scans HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        chunked.sendall(head + b"2\r\n{}\r\n0\r\n\r\n")
        assert chunked.recv(100).startswith(b"HTTP/1.1 411 ")


@long_and_short
def test_idle_connections_keep_nobody_out(
    service: LiveService, traffic: Traffic, seconds: int
) -> None:
    with ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            for _ in range(IDLE)
        ]
        with traffic.during():
            time.sleep(max(seconds, 12))
        for one in idle:
            one.settimeout(1)
        assert all(one.recv(1) == b"" for one in idle), "Some were not closed after a while."
    check(traffic, f"{IDLE} idle connections", answered=EVERYBODY)


def test_a_body_that_does_not_come_in_time_is_told_so(late: Future[tuple[bytes, float]]) -> None:
    told, seconds = late.result()
    assert told.startswith(b"HTTP/1.1 408 ")
    assert b"/problems/too-slow" in told
    assert 9 < seconds < 15


CHARSETS = [
    *("punycode", "idna", "utf-7", "utf-16", "utf-32", "utf-8-sig", "utf-16-le", "utf-32-be"),
    *("raw_unicode_escape", "unicode_escape", "rot13", "base64", "hex", "zip", "bz2", "uu"),
    *("big5hkscs", "hz", "iso2022_kr", "gb18030"),
]


def test_odd_charsets_cost_nobody_anything(service: LiveService, traffic: Traffic) -> None:
    """Twenty requests, each with a large body that takes its decoder seconds."""
    body = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"a-" * 125_000
    told: list[TrafficAnswer] = []

    def send(charset: str) -> None:
        headers = {"Content-Type": f"multipart/form-data; boundary=b; charset={charset}"}
        request = Request("POST", "/officer/map", headers, body + b"\r\n--b--\r\n")
        told.append(ask(service.port, request))

    threads = [threading.Thread(target=send, args=[charset]) for charset in CHARSETS]
    with traffic.during():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(2)
    check(traffic, f"{len(CHARSETS)} odd charsets", answered=("door", "phone", *PROBES))
    assert {one.status for one in told} <= {415, 503}, told
    assert 415 in {one.status for one in told}
    assert max(one.seconds for one in told) < REFUSAL_SECONDS


@contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """Stop processes, so that they neither answer nor end."""
    try:
        for process in processes:
            process.suspend()
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


@long_and_short
def test_a_silent_database(service: LiveService, traffic: Traffic, seconds: int) -> None:
    """Every process of PostgreSQL is stopped. No scan can be stored, so doors judge alone."""
    with traffic.during(each=3):
        time.sleep(1)
        with stopped(service.parts("postgres")):
            time.sleep(seconds * 3 // 4)
            told = ask(service.port, Request("GET", "/me", {"Accept": "text/html"}))
        wait_for(lambda: ask(service.port, traffic.callers["door"]()).status == 200, patience=5)
    check(traffic, f"PostgreSQL stopped for {seconds * 3 // 4} s", answered=("reader",))
    refused = [one for one in traffic.told["door"] if one.status == 503]
    assert len(refused) > 5
    assert {one.status for one in traffic.told["readyz"]} == {200, 503}
    assert_nothing_left_undone(told)


def assert_nothing_left_undone(told: TrafficAnswer) -> None:
    assert told.status in (302, 503)


def test_a_silent_broker_keeps_nobody_waiting(service: LiveService, traffic: Traffic) -> None:
    """Work is delayed, but every process stays in service, and `/readyz` names the fault."""

    def is_down() -> bool:
        told = ask(service.port, traffic.callers["readyz"]())
        return bool(json.loads(told.body)["broker"] == "down")

    with traffic.during(), stopped(service.parts("valkey-server")):
        wait_for(is_down, patience=12)
        time.sleep(2)
    check(traffic, "Valkey stopped until that was noticed, and 2 s longer", answered=EVERYBODY)
    assert {one.status for one in traffic.told["readyz"]} == {200}


@contextmanager
def locked(service: LiveService, table: str) -> Iterator[None]:
    """Lock a table exclusively."""
    with contextlib.closing(psycopg2.connect(service.environment()["DATABASE_URL"])) as holder:
        holder.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        holder.rollback()


@long_and_short
@pytest.mark.parametrize(
    ("table", "answered"),
    [
        ("colours_personcolour", ("door", "reader", *PROBES)),
        ("verifier_scan", ("phone", "officer", "reader", *PROBES)),
    ],
)
def test_a_locked_table_concerns_only_those_who_need_it(
    service: LiveService, traffic: Traffic, table: str, answered: tuple[str, ...], seconds: int
) -> None:
    phones = replace(traffic, callers={"phone": traffic.callers["phone"]})
    more = 11 if "phone" not in answered else 0
    with locked(service, table), traffic.during(), phones.during(each=more):
        time.sleep(seconds)
    check(traffic, f"{table} locked for {seconds} s", answered=answered)
