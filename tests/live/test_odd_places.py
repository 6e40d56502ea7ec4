"""The supervisor with an obstacle: it goes on, or names the obstacle in one sentence."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from healthcode.tools.run.ports import reserve
from tests.live.service import ROOT, LiveService, alive, outside_settings, running

NOT_WRITABLE = "set VAR to a folder that may be written to, with room on its disk."
RUN, PAIR = "healthcode.tools.run", "healthcode.tools.run.pair"


def ended(module: str, **environment: str) -> list[str]:
    """Run a supervisor that must end by itself with status 1, and return its lines."""
    there = outside_settings() | {"PORT": str(reserve(adjacent=2))} | environment
    done = subprocess.run(
        [sys.executable, "-m", module],
        env=there,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize(
    ("module", "wrong", "sentence"),
    [
        (RUN, {"HOST": "bad"}, "HOST must be an IPv4 address, such as 127.0.0.1, not 'bad'."),
        (RUN, {"HOST": "::1"}, "HOST must be an IPv4 address, such as 127.0.0.1, not '::1'."),
        (RUN, {"HOST": "é" * 70}, "HOST must be an IPv4 address"),
        (
            RUN,
            {"HOST": "203.0.113.9"},
            "HOST is 203.0.113.9, which is not an address of this machine",
        ),
        (RUN, {"PORT": "abc"}, "PORT must be a number from 1 to 65535, not 'abc'."),
        (RUN, {"PORT": "65536"}, "PORT must be a number from 1 to 65535, not '65536'."),
        (PAIR, {"PORT": "abc"}, "PORT must be a number from 1 to 65534, not 'abc'."),
        (PAIR, {"PORT": "65535"}, "PORT must be a number from 1 to 65534, not '65535'."),
        (PAIR, {"PORT": "0"}, "PORT must be a number from 1 to 65534, not '0'."),
    ],
)
def test_a_wrong_address_is_one_sentence(
    tmp_path: Path, module: str, wrong: dict[str, str], sentence: str
) -> None:
    [said] = ended(module, VAR=str(tmp_path / "var"), **wrong)
    assert said.startswith(sentence)


@pytest.mark.parametrize("module", [RUN, PAIR])
def test_a_state_folder_that_cannot_be_one_is_one_sentence(tmp_path: Path, module: str) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for folder in (file, file / "var", tmp_path / ("a" * 300)):
        [said] = ended(module, VAR=str(folder))
        assert said.startswith(str(file if folder == file / "var" else folder))
        assert said.endswith(NOT_WRITABLE)


@pytest.mark.parametrize("name", ["state.json", "processes.json"])
def test_a_damaged_file_of_the_state_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\0\xff")
    [said] = ended(RUN, VAR=str(tmp_path))
    assert said.startswith(f"{tmp_path / name} is damaged: restore it from a copy")


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Mount a file system in memory at `folder`, where this user may do that."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"root may mount nothing here: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("module", [RUN, PAIR])
def test_a_state_folder_that_is_read_only_is_one_sentence(tmp_path: Path, module: str) -> None:
    with mounted(tmp_path / "var", "ro"):
        [said] = ended(module, VAR=str(tmp_path / "var"))
    assert said.startswith(str(tmp_path / "var"))
    assert said.endswith(NOT_WRITABLE)


def test_make_runs_it_in_a_folder_of_any_name_and_without_a_home(tmp_path: Path) -> None:
    folder = tmp_path / """a $b $(c) 'd' "e" \\f #g 测试"""
    live = LiveService(folder)
    live.command = ["env", "--unset=HOME", "make", "run", f"VAR={folder}", f"PORT={live.port}"]
    with running(live):
        ready = live.call("GET", "/readyz").body
        assert (ready["database"], ready["broker"]) == ("ok", "ok")
        family = live.family()
    assert (folder / "valkey").is_dir()
    assert alive(family) == []


@pytest.mark.parametrize("full", ["log", "."])
def test_on_a_full_disk_everything_stops_in_order(tmp_path: Path, full: str) -> None:
    """Either the supervisor's own log is full, or the disk with all the state."""
    var = tmp_path / "var"
    with ExitStack() as undone:
        size = {"log": "size=4m", ".": "size=600m"}[full]
        undone.enter_context(mounted(var / full, size))
        live = undone.enter_context(running(LiveService(var)))
        family = live.family()
        # In the last block of a file there may be room left for many lines.
        for file in (var / full / "filling", *(var / "log").glob("*.log")):
            fill(file)
        # A line of the web process, which an idle service would write only after a minute or more.
        with suppress(OSError):
            live.call("POST", "/api/v1/auth/otp", json_body={"phone": "13900000041"})
        status = live.process.wait(120) if live.process else None
        said = live.output.read_text()
        assert status == 1, said
        assert said.count("so the service stops") == 1, said
        assert " Stopping …" not in said.splitlines()[-1]
        assert "so the service stops" in said.splitlines()[-1]
        assert f"{var / 'log'}/" in said.splitlines()[-1]
        assert "Traceback" not in supervisors_own(said)
        assert alive(family) == []
        assert not [one for one in psutil.process_iter(["cwd"]) if one.info["cwd"] == str(var)]


def fill(file: Path) -> None:
    """Append to `file` until its disk is full."""
    with file.open("ab", buffering=0) as out:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    out.write(bytes(size))
            except OSError:
                continue


def supervisors_own(said: str) -> str:
    """Return the supervisor's own lines, without those of its parts."""
    return "\n".join(line for line in said.splitlines() if "│" not in line)
