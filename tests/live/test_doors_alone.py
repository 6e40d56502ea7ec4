"""A process of doors, started with exactly what compose.yaml gives to the container `doors`."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect

from healthcode.tools.run.ports import reserve
from healthcode.tools.run.service import OWNERS_LOGIN, granian
from tests.administration import BY_ADMINISTRATOR
from tests.compose import SECRETS, environment_of
from tests.live.browsers import door, kept_by_device
from tests.live.service import ROOT, LiveService, ServiceAnswer, wait_for
from tests.live.video import picture_of


@dataclass(frozen=True)
class DoorsProcess:
    """The process, beside a service that runs on the same data."""

    beside: LiveService
    port: int
    environment: dict[str, str]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, method: str, path: str, **more: Any) -> ServiceAnswer:
        return self.beside.call(method, self.base_url + path, **more)


def start(environment: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        granian("127.0.0.1", port),
        env={"PATH": os.environ["PATH"], **environment},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.fixture(scope="module")
def doors(service: LiveService) -> Iterator[DoorsProcess]:
    state = json.loads((service.var / "state.json").read_text())
    dotenv = service.environment() | {"STATUS_BASE_URL": service.base_url}
    environment = environment_of("doors", dotenv, postgres=state["ports"]["postgres"])
    environment["BROKER_URL"] = f"redis://127.0.0.1:{state['ports']['valkey']}/0"
    # The image has collected the static files; here they lie where they are.
    port = reserve()
    process = start(environment | {"DEMO": "1"}, port)
    found = DoorsProcess(service, port, environment)
    try:
        wait_for(lambda: is_ready(found), patience=60)
        yield found
    finally:
        process.terminate()
        process.wait(30)


def is_ready(doors: DoorsProcess) -> bool:
    try:
        return doors.call("GET", "/readyz").status == 200
    except OSError:
        return False


def test_it_knows_one_secret(doors: DoorsProcess) -> None:
    assert [name for name in SECRETS if name in doors.environment] == ["SECRET_KEY"]
    assert "postgresql://healthcode_doors:" in doors.environment["DATABASE_URL"]
    assert "healthcode_service" not in str(doors.environment)


def test_a_device_is_enrolled_scans_and_works_without_network(
    doors: DoorsProcess, code: str
) -> None:
    body = {"enrolment_code": enrolment_code(doors.beside)}
    enrolled = doors.call("POST", "/api/v1/devices/enrol", json_body=body)
    assert enrolled.status == 200, enrolled.body
    token = enrolled.body["token"]
    new = {"id": str(uuid.uuid4()), "code": code}
    scanned = doors.call("POST", "/api/v1/scans", token=token, json_body=new)
    assert scanned.body["reason"] == "ok", scanned.body
    # The web process knows the same device and the same scan.
    assert doors.beside.call("POST", "/api/v1/scans", token=token, json_body=new).body == (
        scanned.body
    )
    at = datetime.now(UTC) - timedelta(seconds=1)
    offline = {"id": str(uuid.uuid4()), "code": code, "scanned_at": at.isoformat()}
    batch = doors.call("POST", "/api/v1/scans/batch", token=token, json_body={"scans": [offline]})
    assert batch.body["results"][0]["answer"]["reason"] == "ok", batch.body
    bundle = doors.call("GET", "/api/v1/devices/bundle", token=token)
    theirs = doors.beside.call("GET", "/api/v1/devices/bundle", token=token)
    assert bundle.body["keys"] == theirs.body["keys"]


def enrolment_code(service: LiveService) -> str:
    """Have the administrator's command make one, in a process of the service."""
    venue = str(service.demo["device"]["venue"])
    command = [sys.executable, "manage.py", "enrolment_code", venue, "北门手机", *BY_ADMINISTRATOR]
    environment = service.environment()
    del environment[OWNERS_LOGIN]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()[0]


def test_a_partner_gets_verdicts(doors: DoorsProcess, code: str) -> None:
    token = doors.beside.demo["partner"]["token"]
    told = doors.call("POST", "/api/v1/verifications", token=token, json_body=[code, "x"])
    assert [verdict["reason"] for verdict in told.body] == ["ok", "malformed"]
    assert doors.call("GET", "/api/v1/sandbox", token=token).status == 200
    wrong = doors.call("POST", "/api/v1/oauth/token", json_body={})
    assert (wrong.status, wrong.body["error"]) == (400, "invalid_request")


def test_it_answers_operators(doors: DoorsProcess) -> None:
    assert doors.call("GET", "/healthz").status == 200
    assert doors.call("GET", "/readyz").body["broker"] in {"ok", "down"}
    metrics = wait_for(lambda: metrics_of(doors))
    assert "healthcode_scans_total" in metrics
    assert "healthcode_issuer_keys_confirmed_timestamp_seconds{" in metrics


def metrics_of(doors: DoorsProcess) -> str | None:
    text = bytes(doors.call("GET", "/metrics").body).decode()
    return text if "issuer_keys_confirmed" in text else None


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/me", "/login", "/staff/login", "/officer", "/venues", "/venues/1", "/map"),
        *("/api/v1/people", "/api/v1/people/1/code", "/api/v1/auth/otp", "/api/v1/evidence/tests"),
        *("/api/v1/acts", "/api/v1/schema", "/.well-known/health-code/log/checkpoint"),
    ],
)
def test_other_addresses_are_not_there(doors: DoorsProcess, path: str) -> None:
    token = doors.beside.demo["resident"]["token"]
    for method in ("GET", "POST"):
        answer = doors.call(method, path, token=token, json_body={})
        assert answer.status == 404, (method, answer.body)


def test_the_scanner_page_scans(
    doors: DoorsProcess, playwright: Playwright, tmp_path: Path, code: str
) -> None:
    """In Chromium, with the cookie of somebody who is logged in, which the process ignores."""
    stored = kept_by_device(doors.beside, origin=doors.base_url)
    session = {"name": "sessionid", "value": "x" * 32, "domain": "127.0.0.1", "path": "/"}
    rest = {"expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
    (tmp_path / "kept.json").write_text(json.dumps(stored | {"cookies": [session | rest]}))
    with door(playwright, tmp_path, picture_of(code), kept=tmp_path / "kept.json") as page:
        page.goto(f"{doors.base_url}/scanner")
        page.wait_for_load_state()
        page.locator("#start").evaluate("start => start.hidden || start.click()")
        verdict = page.locator("#verdict[data-reason=ok]")
        expect(verdict).to_be_visible(timeout=30_000)
