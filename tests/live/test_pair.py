"""Two whole provinces, CN-33 and CN-31, which recognise each other by an alliance's list."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from healthcode.local.state import free_port, is_free
from tests.live.service import ROOT, LiveService, NotStarted, outside_settings

REFRESH_SECONDS = 120
"""News takes 15 seconds, a new key 30 more; the rest is for a machine with much else to do."""

STAYED_IN = "310151"


@dataclass(frozen=True)
class Pair:
    """`make run-pair`, with the two services it consists of."""

    folder: Path
    zhejiang: LiveService
    shanghai: LiveService

    def alliance(self, command: str, *arguments: str) -> str:
        """One of the alliance's own commands; what it says."""
        folder = self.folder / "alliance"
        return run_tool(
            ["-m", "healthcode.alliance", command, str(folder), *arguments],
            {**os.environ, "ALLIANCE_KEY_SECRET": (folder / "secret").read_text()},
        )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both running, and the list in force at both."""
    folder = tmp_path_factory.mktemp("pair") / "var"
    port = next(port for port in iter(free_port, 0) if is_free(port + 1))
    output = folder.with_name("pair.out")
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "healthcode.local.pair"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=outside_settings() | {"VAR": str(folder), "PORT": str(port)},
            cwd=ROOT,
            start_new_session=True,
        )
    try:
        wait_until_said(process, output, "recognise each other")
        services = [
            LiveService(folder / name, port=port + step)
            for step, name in enumerate(["CN-33", "CN-31"])
        ]
        within_refresh(lambda: all(is_good(service) for service in services))
        yield Pair(folder, *services)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)


def test_a_code_of_one_passes_in_the_other_online_and_offline(pair: Pair, tmp_path: Path) -> None:
    for home, away in [(pair.shanghai, pair.zhejiang), (pair.zhejiang, pair.shanghai)]:
        code = code_of(home, person=0)
        assert scanned(away, code) == ("pass", "ok")
        assert scanned(home, code) == ("pass", "ok")
    verdict = judged_without_network(pair, tmp_path, code_of(pair.shanghai, person=0))
    assert (verdict["outcome"], verdict["code"]["issuer"]) == ("pass", "CN-31")


def test_a_recolouring_in_one_supersedes_the_code_in_the_other(pair: Pair, tmp_path: Path) -> None:
    code = code_of(pair.shanghai, person=1, stayed_in=STAYED_IN)
    assert scanned(pair.zhejiang, code) == ("pass", "ok")
    turn_red(pair.shanghai, STAYED_IN)
    within_refresh(lambda: scanned(pair.zhejiang, code) == ("refuse", "superseded"))
    assert scanned(pair.zhejiang, code_of(pair.shanghai, person=1)) == ("refuse", "red")
    verdict = judged_without_network(pair, tmp_path, code)
    assert (verdict["outcome"], verdict["reason"]) == ("refuse", "superseded")


def test_a_withdrawn_key_is_refused_in_both(pair: Pair, tmp_path: Path) -> None:
    shanghai = pair.shanghai
    code = code_of(shanghai, person=0)
    old = manage(shanghai, "list_keys").splitlines()[1].split()[0]
    manage(shanghai, "make_signing_key", "--starts", datetime.now().astimezone().isoformat())
    manage(shanghai, "withdraw_key", old)
    within_refresh(lambda: scanned(shanghai, code) == ("refuse", "unknown_key"))
    assert scanned(pair.zhejiang, code) == ("pass", "ok"), "its list still has the key"

    pair.alliance("renew", "CN-31")
    assert "CN-31 keys: " in pair.alliance("sign", "--yes")
    within_refresh(lambda: scanned(pair.zhejiang, code) == ("refuse", "unknown_key"))
    # The process that signs takes up its new key within half a minute.
    within_refresh(
        lambda: scanned(pair.zhejiang, code_of(shanghai, person=0)) == ("pass", "ok"),
    )
    verdict = judged_without_network(pair, tmp_path, code)
    assert (verdict["outcome"], verdict["reason"]) == ("refuse", "unknown_key")


def wait_until_said(process: subprocess.Popen[bytes], output: Path, words: str) -> None:
    deadline = time.monotonic() + 300
    while words not in output.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = output.read_text(errors="replace")[-3000:]
            raise NotStarted(f"The pair did not start:\n{tail}")
        time.sleep(0.2)


def within_refresh(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + REFRESH_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not within {REFRESH_SECONDS} seconds"
        time.sleep(1)


def is_good(service: LiveService) -> bool:
    """Whether this service relies on the alliance's list, as its metrics tell operators."""
    metrics: bytes = service.call("GET", "/metrics").body
    return b'healthcode_trust_list_state{state="good"} 1.0' in metrics


def code_of(service: LiveService, *, person: int, stayed_in: str | None = None) -> str:
    """A fresh code of one of the resident's family, who declares to be well first."""
    token = service.demo["resident"]["token"]
    number = service.call("GET", "/api/v1/people", token=token).body[person]["id"]
    if service.call("GET", f"/api/v1/people/{number}/code", token=token).status == 409 or stayed_in:
        declare(service, token, number, stayed_in)
    answer = service.call("GET", f"/api/v1/people/{number}/code", token=token)
    assert answer.status == 200, answer.body
    code: str = answer.body["code"]
    return code


def declare(service: LiveService, token: str, number: int, stayed_in: str | None) -> None:
    stays = [{"area": stayed_in, "from": day(-3), "to": day(-1)}] if stayed_in else []
    declaration = {"person": number, "symptoms": [], "stays": stays, "contact_with_case": False}
    answer = service.call("POST", "/api/v1/declarations", token=token, json_body=declaration)
    assert answer.status == 201, answer.body


def scanned(service: LiveService, code: str) -> tuple[str, str]:
    """The verdict at this service's door."""
    scan = {"id": str(uuid.uuid4()), "code": code}
    token = service.demo["device"]["token"]
    body = service.call("POST", "/api/v1/scans", token=token, json_body=scan).body
    return body["outcome"], body["reason"]


def turn_red(service: LiveService, area: str) -> None:
    levels = {
        "effective_from": day(-5),
        "ground": "疫情防控指挥部第7号通告",
        "levels": [{"code": area, "level": "red"}],
    }
    token = service.demo["officer"]["token"]
    act = service.call("PUT", "/api/v1/areas/levels", token=token, json_body=levels)
    assert act.status == 200, act.body


def day(offset: int) -> str:
    """Today in Shanghai, or days before."""
    return (datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=offset)).isoformat()


def judged_without_network(pair: Pair, folder: Path, code: str) -> dict[str, Any]:
    """The verdict of the core alone, from files that were fetched before: no server is asked."""
    metadata = pair.shanghai.call("GET", "/.well-known/health-code/").body
    names = []
    for number, uri in enumerate(metadata["status_lists"]):
        names.append(str(folder / f"{number}.cwt"))
        Path(names[-1]).write_bytes(pair.shanghai.call("GET", uri).body)
    alliance = pair.folder / "alliance"
    trust = ["--trust", str(alliance / "trust.jws"), "--alliance", str(alliance / "alliance.json")]
    ran = subprocess.run(
        [sys.executable, "-m", "healthcode.core", "verify", *trust, "--status", *names, code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in {0, 1}, ran.stderr
    verdict: dict[str, Any] = json.loads(ran.stdout)
    return verdict


def manage(service: LiveService, command: str, *arguments: str) -> str:
    environment = service.environment() | {"ISSUER": "CN-31"}
    return run_tool(["manage.py", command, *arguments], environment)


def run_tool(arguments: list[str], environment: dict[str, str]) -> str:
    ran = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
