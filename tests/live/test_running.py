"""Start and stop the whole service, as `make run` does."""

import json
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthcode import __version__
from tests.live.service import LiveService, NotStarted, alive, command_of, running


def test_a_page_answers_and_the_demo_file_has_every_login(service: LiveService) -> None:
    """The file has a section for each kind of client, and only its owner can read it."""
    assert service.call("GET", "/").status == 200
    demo = service.demo
    assert demo["base_url"] == service.base_url
    assert {name: sorted(demo[name]) for name in demo if name != "base_url"} == {
        "resident": ["document_last4", "person", "phone", "token"],
        "officer": ["token"],
        "officer2": ["token"],
        "device": ["token", "venue"],
        "source": ["token"],
        "partner": ["token"],
        "administrator": ["token"],
    }
    mode = stat.S_IMODE((service.var / "demo.json").stat().st_mode)
    assert mode == 0o600


def test_secrets_are_in_no_command_line(service: LiveService) -> None:
    """Every user of a machine can list the arguments of all processes."""
    secrets = json.loads((service.var / "state.json").read_text())["secrets"]
    arguments = " ".join(map(command_of, service.family()))
    assert not [name for name, value in secrets.items() if value in arguments]


def test_health_says_what_works(service: LiveService) -> None:
    """It is alive and ready, and the metrics name routes instead of addresses."""
    assert service.call("GET", "/healthz").body == {"status": "alive"}
    ready = service.call("GET", "/readyz").body
    ages = {name: ready.pop(name) for name in ("database_seconds_ago", "broker_seconds_ago")}
    assert ready == {"status": "ready", "version": __version__, "database": "ok", "broker": "ok"}
    assert all(0 <= age < 10 for age in ages.values()), ages
    demo = service.demo["resident"]
    service.call("GET", f"/api/v1/people/{demo['person']}/code", token=demo["token"])
    counts = service.call("GET", "/metrics").body.decode()
    assert 'route="api/v1/people/<int:person>/code"' in counts
    assert f"people/{demo['person']}" not in counts


_POSTGRESQL = ("postgres", "PostgreSQL", "postgres")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service only for this file, which stops it. Its path is long."""
    folder = tmp_path_factory.mktemp("-".join(["a-long-name"] * 10))
    with running(LiveService(folder / "var")) as live:
        yield live


def test_it_stops_and_comes_back_with_its_data(service: LiveService, own: LiveService) -> None:
    """Of two services side by side, one ends without leftovers, and is back within ten seconds."""
    token = own.demo["resident"]["token"]
    people = own.call("GET", "/api/v1/people", token=token)
    assert people.status == 200
    assert service.call("GET", "/api/v1/people", token=token).status == 401

    family = own.family()
    assert own.stop(signal.SIGINT) == 0
    assert alive(family) == []
    assert service.call("GET", "/readyz").status == 200

    # Ten seconds when nothing else runs, and longer when others use the cores.
    sharing = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert own.start() < 10 * sharing
    assert own.call("GET", "/api/v1/people", token=token).body == people.body


def test_after_a_killed_supervisor_the_next_start_works(own: LiveService) -> None:
    """After kill -9 the parts end by themselves, and the next start has all data."""
    token = own.demo["resident"]["token"]
    family = own.family()
    family[0].kill()
    own.ended()
    own.start()
    assert own.call("GET", "/api/v1/people", token=token).status == 200
    assert alive(family) == []


def test_when_a_part_dies_everything_stops_and_says_so(own: LiveService) -> None:
    """Half a service would look alive, so it is worse than none."""
    for part, name, log in (("celery.* worker", "worker", "worker"), _POSTGRESQL):
        family = own.family()
        own.parts(part)[0].kill()
        assert own.ended() == 1
        last = own.output.read_text().splitlines()[-1]
        assert last == (
            f"{name} ended by itself by signal 9, so the service stops; "
            f"{own.var / 'log' / log}.log may say why."
        )
        assert alive(family) == []
        own.start()


def test_a_taken_port_is_one_clear_sentence(service: LiveService, tmp_path: Path) -> None:
    """There is no stack trace, and nothing is started."""
    other = LiveService(tmp_path / "var", port=service.port)
    with pytest.raises(NotStarted):
        other.start()
    assert other.output.read_text().splitlines() == [
        f"Port {service.port} is in use; set another one: make run PORT=8001"
    ]


def test_a_state_folder_in_use_is_one_clear_sentence(service: LiveService, tmp_path: Path) -> None:
    """Two services on one database folder would destroy it."""
    other = LiveService(service.var)
    other.output = tmp_path / "out"
    with pytest.raises(NotStarted):
        other.start()
    assert other.output.read_text().splitlines() == [
        f"Another service already uses {service.var}: stop it, or set VAR to another folder."
    ]
