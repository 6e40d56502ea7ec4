"""Two whole provinces, CN-33 and CN-31, that recognise each other by an alliance's trust list."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from healthcode.core.errors import NotTrusted
from healthcode.core.log.checkpoints import open_checkpoint
from healthcode.core.log.policies import LogPolicy, parse_policy
from healthcode.tools.run.ports import reserve
from healthcode.web.days import SHANGHAI
from tests.administration import BY_ADMINISTRATOR
from tests.core.test_typescript import node
from tests.live.officer import confirmed
from tests.live.service import ROOT, LiveService, NotStarted, outside_settings

REFRESH_SECONDS = 120
"""News takes 15 seconds, a new key 30 more; the rest is for a machine with much else to do."""

STAYED_IN = {"CN-33": "330127", "CN-31": "310151"}
"""A county of each, where none of the demo's people live."""
DOOR = Path(__file__).with_name("judge_alone.ts")
OutcomeAndReason = tuple[str, str]


@dataclass(frozen=True)
class LivePair:
    """`make run-pair`, with its two services."""

    folder: Path
    zhejiang: LiveService
    shanghai: LiveService

    @property
    def ways(self) -> list[tuple[LiveService, LiveService]]:
        """Return both ways to travel: the home province and the one visited."""
        return [(self.zhejiang, self.shanghai), (self.shanghai, self.zhejiang)]

    def alliance(self, command: str, *arguments: str) -> str:
        """Run one of the alliance's commands and return its output."""
        folder = self.folder / "alliance"
        return run_tool(
            ["-m", "healthcode.alliance", command, str(folder), *arguments],
            {**os.environ, "ALLIANCE_KEY_SECRET": (folder / "secret").read_text()},
        )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePair]:
    """Both services, running and with the current list."""
    folder = tmp_path_factory.mktemp("pair") / "var"
    port = reserve(adjacent=2)
    output = folder.with_name("pair.out")
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "healthcode.tools.run.pair"],
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
        yield LivePair(folder, *services)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)


def test_a_code_of_one_passes_in_the_other_online_and_offline(
    pair: LivePair, tmp_path: Path
) -> None:
    for home, away in pair.ways:
        code = code_of(home, person=0)
        assert scanned(away, code) == ("pass", "ok")
        assert scanned(home, code) == ("pass", "ok")
        assert judged_without_network(away, code) == [("pass", "ok")]
        assert judged_without_server(pair, home, tmp_path, code) == ("pass", "ok")


def test_a_recolouring_in_one_supersedes_the_code_in_the_other(
    pair: LivePair, tmp_path: Path
) -> None:
    codes = [code_of(home, person=1, stayed_in=county_of(home)) for home, _ in pair.ways]
    for (home, away), code in zip(pair.ways, codes, strict=True):
        assert scanned(away, code) == ("pass", "ok")
        turn_red(home, county_of(home))
    for (home, away), code in zip(pair.ways, codes, strict=True):
        scan_becomes(away, code, ("refuse", "superseded"))
        new = code_of(home, person=1)
        assert scanned(away, new) == ("refuse", "red")
        assert judged_without_network(away, code, new) == [
            ("refuse", "superseded"),
            ("refuse", "red"),
        ]
        assert judged_without_server(pair, home, tmp_path, code) == ("refuse", "superseded")


def test_a_withdrawn_key_is_refused_in_both(pair: LivePair, tmp_path: Path) -> None:
    codes = [code_of(home, person=0) for home, _ in pair.ways]
    with ThreadPoolExecutor() as pool:
        list(pool.map(replace_key, [home for home, _ in pair.ways]))
    for (home, away), code in zip(pair.ways, codes, strict=True):
        scan_becomes(home, code, ("refuse", "unknown_key"))
        assert scanned(away, code) == ("pass", "ok"), "its list still has the key"

    for home, _ in pair.ways:
        pair.alliance("renew", issuer_of(home))
    changes = pair.alliance("sign", "--yes")
    assert "CN-33 keys: " in changes
    assert "CN-31 keys: " in changes
    for (home, away), code in zip(pair.ways, codes, strict=True):
        scan_becomes(away, code, ("refuse", "unknown_key"))
        # The signing process notices its new key within half a minute.
        new_code_passes(home, away)
        assert judged_without_network(away, code) == [("refuse", "unknown_key")]
        assert judged_without_server(pair, home, tmp_path, code) == ("refuse", "unknown_key")


def test_each_witnesses_the_public_log_of_the_other(pair: LivePair) -> None:
    """An act of one is soon in a checkpoint that the other has cosigned with both its keys."""
    for home, away in pair.ways:
        turn_red(home, county_of(home))
        policy = parse_policy(home.call("GET", "/.well-known/health-code/log/policy").body)
        keys = away.call("GET", "/.well-known/health-code/witness/keys").body.decode()
        assert [str(key) for key in policy.witnesses.values()] == keys.splitlines()
        assert len(policy.witnesses) == 2
        within_refresh(partial(is_witnessed, home, policy))


def is_witnessed(service: LiveService, policy: LogPolicy) -> bool:
    note = service.call("GET", "/.well-known/health-code/log/checkpoint").body
    try:
        seen = open_checkpoint(note, policy, int(time.time()))
    except NotTrusted:
        return False
    return seen.checkpoint.size > 0 and seen.witnessed.keys() == policy.witnesses.keys()


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


def scan_becomes(service: LiveService, code: str, verdict: OutcomeAndReason) -> None:
    within_refresh(lambda: scanned(service, code) == verdict)


def new_code_passes(home: LiveService, away: LiveService) -> None:
    within_refresh(lambda: scanned(away, code_of(home, person=0)) == ("pass", "ok"))


def is_good(service: LiveService) -> bool:
    """Return whether this service's metrics say that the alliance's list is good."""
    metrics: bytes = service.call("GET", "/metrics").body
    return b'healthcode_trust_list_state{state="good"} 1.0' in metrics


def code_of(service: LiveService, *, person: int, stayed_in: str | None = None) -> str:
    """Return a fresh code of one of the resident's family, who first declares to be well."""
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


def scanned(service: LiveService, code: str) -> OutcomeAndReason:
    """Return the verdict of this service's door."""
    scan = {"id": str(uuid.uuid4()), "code": code}
    token = service.demo["device"]["token"]
    body = service.call("POST", "/api/v1/scans", token=token, json_body=scan).body
    return body["outcome"], body["reason"]


def turn_red(service: LiveService, area: str) -> None:
    levels = {
        "effective_from": day(-5),
        "ground_kind": "investigation",
        "ground": "疫情防控指挥部第7号通告",
        "levels": [{"code": area, "level": "red"}],
    }
    token = service.demo["officer"]["token"]
    act = service.call("PUT", "/api/v1/areas/levels", token=token, json_body=levels)
    act = confirmed(service, act)
    assert act.status == 200, act.body


def day(offset: int) -> str:
    """Return today's date in Shanghai, or that of some days before."""
    return (datetime.now(SHANGHAI).date() + timedelta(days=offset)).isoformat()


def judged_without_network(door: LiveService, *codes: str) -> list[OutcomeAndReason]:
    """Return the verdicts of this service's door by itself, with the data it fetched before."""
    token = door.demo["device"]["token"]
    answer = door.call("GET", "/api/v1/devices/bundle", token=token).body
    bundle = json.loads(base64.urlsafe_b64decode(answer["bundle"].split(".")[1] + "=="))
    lists = []
    for named in bundle["status_lists"]:
        path = f"/api/v1/devices/status-list?uri={quote(named['uri'], safe='')}"
        found = door.call("GET", path, token=token).body
        lists.append((named["issuer"], base64.b64encode(found).decode()))
    fetched = {**answer, "lists": lists, "codes": codes}
    ran = subprocess.run(
        [node(), "--no-warnings", str(DOOR)],
        input=json.dumps(fetched).encode(),
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return [(verdict["outcome"], verdict["reason"]) for verdict in json.loads(ran.stdout)]


def judged_without_server(
    pair: LivePair, home: LiveService, folder: Path, code: str
) -> OutcomeAndReason:
    """Return the verdict from the core and the published lists alone, without any service."""
    metadata = home.call("GET", "/.well-known/health-code/").body
    names = []
    for number, uri in enumerate(metadata["status_lists"]):
        names.append(str(folder / f"{number}.cwt"))
        Path(names[-1]).write_bytes(home.call("GET", uri).body)
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
    verdict = json.loads(ran.stdout)
    return verdict["outcome"], verdict["reason"]


def county_of(service: LiveService) -> str:
    return STAYED_IN[issuer_of(service)]


def issuer_of(service: LiveService) -> str:
    issuer: str = service.call("GET", "/.well-known/health-code/").body["issuer"]
    return issuer


def replace_key(service: LiveService) -> None:
    """Sign with a new key from now on, and withdraw the old one."""
    (old,) = service.call("GET", "/.well-known/health-code/keys").body["keys"]
    starts = datetime.now().astimezone().isoformat()
    manage(service, "make_signing_key", "--starts", starts, *BY_ADMINISTRATOR)
    kid = base64.urlsafe_b64decode(old["kid"] + "=").hex()
    manage(service, "withdraw_key", kid, *BY_ADMINISTRATOR)


def manage(service: LiveService, command: str, *arguments: str) -> str:
    environment = service.environment() | {"ISSUER": issuer_of(service)}
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
