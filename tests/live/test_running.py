"""Starting and stopping the whole service, as `make run` does."""

import json
import os
import signal
import stat
import time
from pathlib import Path

import psutil
import pytest

from tests.live.service import LiveService


def test_a_page_answers_and_the_demo_file_has_every_login(service: LiveService) -> None:
    """Section by section what a client needs; readable by its owner alone."""
    assert service.call("GET", "/").status == 200
    demo = service.demo
    assert demo["base_url"] == service.base_url
    assert {name: sorted(demo[name]) for name in demo if name != "base_url"} == {
        "resident": ["person", "phone", "token"],
        "officer": ["token"],
        "device": ["token", "venue"],
        "source": ["token"],
        "partner": ["token"],
    }
    mode = stat.S_IMODE((service.var / "demo.json").stat().st_mode)
    assert mode == 0o600


def test_secrets_are_in_no_command_line(service: LiveService) -> None:
    """Everybody on a machine can list the arguments of every process."""
    secrets = json.loads((service.var / "state.json").read_text())["secrets"]
    arguments = " ".join(" ".join(process.cmdline()) for process in service.family())
    assert not [name for name, value in secrets.items() if value in arguments]


def test_health_says_what_works(service: LiveService) -> None:
    """Alive, ready, and the counts name routes rather than addresses."""
    assert service.call("GET", "/healthz").body == {"status": "alive"}
    assert service.call("GET", "/readyz").body == {
        "status": "ready",
        "database": "ok",
        "broker": "ok",
    }
    demo = service.demo["resident"]
    service.call("GET", f"/api/v1/people/{demo['person']}/code", token=demo["token"])
    counts = service.call("GET", "/metrics").body.decode()
    assert 'route="api/v1/people/<int:person>/code"' in counts
    assert str(demo["person"]) not in counts


def test_it_stops_and_comes_back_with_its_data(tmp_path: Path) -> None:
    """Two services side by side; one ends without a trace and is back within ten seconds."""
    one = LiveService(tmp_path / ("a-long-name-" * 8) / "one")
    one.var.parent.mkdir()
    two = LiveService(tmp_path / "two")
    one.start()
    two.start()
    token = one.demo["resident"]["token"]
    people = one.call("GET", "/api/v1/people", token=token)
    assert people.status == 200
    assert two.call("GET", "/api/v1/people", token=token).status == 401

    family = one.family()
    assert one.stop(signal.SIGINT) == 0
    assert not [process for process in family if process.is_running()]
    assert two.call("GET", "/readyz").status == 200

    assert one.start() < 10
    assert one.call("GET", "/api/v1/people", token=token).body == people.body
    one.stop()
    assert two.stop() == 0


def test_a_killed_supervisor_leaves_nothing_that_its_successor_minds(tmp_path: Path) -> None:
    """After kill -9 the parts end by themselves, and the next start finds all data."""
    live = LiveService(tmp_path / "var")
    live.start()
    token = live.demo["resident"]["token"]
    family = live.family()
    os.kill(family[0].pid, signal.SIGKILL)
    assert live.process is not None
    live.process.wait()
    live.start()
    assert live.call("GET", "/api/v1/people", token=token).status == 200
    assert not [process for process in family if process.is_running()]
    live.stop()


def test_when_a_part_dies_everything_stops_and_says_so(tmp_path: Path) -> None:
    """A half of the service is worse than none: it would look alive."""
    live = LiveService(tmp_path / "var")
    for part in ("granian", "worker", "beat", "postgres", "valkey"):
        live.start()
        family = live.family()
        victim = next(process for process in family[1:] if part in " ".join(process.cmdline()))
        victim.kill()
        assert live.process is not None
        assert live.process.wait(60) == 1
        assert "ended by itself" in live.output.read_text()
        _, alive = psutil.wait_procs(family, timeout=5)
        assert alive == []


def test_a_taken_port_is_one_clear_sentence(service: LiveService, tmp_path: Path) -> None:
    """Not a stack trace, and nothing is started."""
    other = LiveService(tmp_path / "var", port=service.port)
    with pytest.raises(AssertionError):
        other.start()
    assert other.output.read_text().splitlines() == [
        f"Port {service.port} is in use; set another one: make run PORT=8001"
    ]


def test_a_state_folder_in_use_is_one_clear_sentence(service: LiveService, tmp_path: Path) -> None:
    """Two services on one database folder would destroy it."""
    other = LiveService(service.var)
    other.output = tmp_path / "out"
    began = time.monotonic()
    with pytest.raises(AssertionError):
        other.start()
    assert other.output.read_text().startswith(f"A service already runs on {service.var}")
    assert time.monotonic() - began < 5
