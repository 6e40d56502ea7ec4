"""A port belongs to one process; a server whose port is taken moves to another."""

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from healthcode.tools.run import ports
from healthcode.tools.run import state as local_state
from healthcode.tools.run.postgres import Postgres
from healthcode.tools.run.valkey import Valkey

ROOT = Path(__file__).parents[2]
ANOTHER_PROCESS = """
import sys
from healthcode.tools.run import ports
print(ports.reserve(adjacent=2), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def taken() -> Iterator[int]:
    """Reserve a port at which another program listens all the same."""
    port = ports.reserve()
    with socket.create_server(("127.0.0.1", port)):
        yield port


def test_what_one_process_has_no_other_gets_until_it_ends() -> None:
    command = [sys.executable, "-c", ANOTHER_PROCESS]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        assert process.stdout is not None
        first = int(process.stdout.readline())
        assert ports.is_free(first)
        assert not ports.reserve_this(first)
        assert not ports.reserve_this(first + 1)
    assert ports.reserve_this(first)
    assert ports.reserve_this(first + 1)
    assert not ports.reserve_this(first), "it is given once"


def test_it_is_none_that_the_kernel_gives_to_connections() -> None:
    lowest, highest = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert not lowest <= ports.reserve() <= highest


def test_a_port_where_somebody_listens_is_not_given(taken: int) -> None:
    assert not ports.is_free(taken)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        assert not ports.reserve_this(stranger.getsockname()[1])


def test_a_remembered_port_that_is_taken_is_replaced(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        known = {"secrets": {"A": "b"}, "ports": {"postgres": port, "valkey": port}}
        (tmp_path / "state.json").write_text(json.dumps(known))
        state = local_state.load(tmp_path)
    assert port not in state.ports.values()
    assert len(set(state.ports.values())) == 2
    assert json.loads((tmp_path / "state.json").read_text())["ports"] == state.ports


def test_where_a_server_moved_to_is_remembered(tmp_path: Path) -> None:
    state = local_state.load(tmp_path)
    local_state.remember_port(state, "valkey", 1)
    known = json.loads((tmp_path / "state.json").read_text())
    assert known["ports"] == state.ports == {"postgres": state.ports["postgres"], "valkey": 1}
    assert known["secrets"] == state.secrets


@pytest.mark.live
def test_postgresql_moves_where_a_stranger_came_first(taken: int, tmp_path: Path) -> None:
    server = Postgres(
        tmp_path / "data", port=taken, password="of-this-test", log=tmp_path / "log", durable=False
    )
    server.create()
    try:
        server.start()
        server.ensure_database("one")
        with contextlib.closing(psycopg2.connect(server.url("one"))) as connection:
            assert connection.info.port == server.port != taken
    finally:
        server.stop()


@pytest.mark.live
def test_valkey_moves_where_a_stranger_came_first(taken: int, tmp_path: Path) -> None:
    server = Valkey(tmp_path / "data", port=taken, password="of-this-test", log=tmp_path / "log")
    try:
        server.start()
        assert server.port != taken
        assert redis.Redis.from_url(server.url()).ping()
    finally:
        server.stop()
