"""Clients that common generators make from our OpenAPI do the main job, with typed errors."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest

from healthcode.tools.demo.people import resident_number
from tests.administration import BY_ADMINISTRATOR
from tests.core.test_typescript import node
from tests.live.service import ROOT, LiveService, running

CLIENTS: Final = ROOT / "tests" / "clients"
HOME: Final = "330106"
# Bodies that openapi-python-client leaves out: it supports neither CSV, NDJSON nor plain text.
LEFT_OUT: Final = {
    "PUT /api/v1/areas/levels",
    "POST /api/v1/evidence/{kind}",
    "POST /.well-known/health-code/witness/add-checkpoint",
}
COMPILER_OPTIONS: Final = {
    "target": "es2022",
    "module": "nodenext",
    "lib": ["es2022", "dom"],
    "types": ["node"],
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "allowImportingTsExtensions": True,
    "noEmit": True,
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service only for these clients, because they change its map."""
    with running(LiveService(tmp_path_factory.mktemp("clients") / "var")) as live:
        yield live


@pytest.fixture(scope="module")
def description(own: LiveService, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OpenAPI document as the service serves it."""
    path = tmp_path_factory.mktemp("description") / "interface.json"
    request = urllib.request.Request(
        f"{own.base_url}/api/v1/schema", headers={"Accept": "application/vnd.oai.openapi+json"}
    )
    with urllib.request.urlopen(request) as answer:
        path.write_bytes(answer.read())
    return path


def test_openapi_python_client(own: LiveService, description: Path, tmp_path: Path) -> None:
    where = ["--path", str(description), "--output-path", str(tmp_path / "interface")]
    how = ["--meta", "none", "--config", str(CLIENTS / "python.yaml")]
    told = run([sys.executable, "-m", "openapi_python_client", "generate", *where, *how])
    assert set(re.findall(r"WARNING parsing (.*) within", told)) == LEFT_OUT

    job = str(CLIENTS / "main_job.py")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "MYPYPATH": str(tmp_path)}
    check = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent"]
    run([*check, "--cache-dir", str(tmp_path / "mypy"), job], env=environment)
    given = json.dumps(main_job_of(own, "13900000031", seed=31))
    assert run([sys.executable, job], env=environment, stdin=given) == "done\n"


def test_openapi_typescript(own: LiveService, description: Path, tmp_path: Path) -> None:
    programs = CLIENTS / "node_modules" / ".bin"
    types = str(tmp_path / "interface.d.ts")
    run([node(), str(programs / "openapi-typescript"), str(description), "-o", types])

    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "main_job.ts").write_text((CLIENTS / "main_job.ts").read_text("utf-8"))
    settings = {"compilerOptions": COMPILER_OPTIONS, "include": ["*.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    run([node(), str(programs / "tsc"), "--project", str(tmp_path)])
    given = json.dumps(main_job_of(own, "13900000032", seed=32))
    command = [node(), "--no-warnings", str(tmp_path / "main_job.ts")]
    assert run(command, env={**os.environ, "GIVEN": given}) == "done\n"


def main_job_of(own: LiveService, phone: str, *, seed: int) -> dict[str, str]:
    """Return the service's address and the accounts for the main job."""
    label = "A door of another maker"
    manage = [sys.executable, "manage.py", "enrolment_code"]
    venue = str(own.demo["device"]["venue"])
    told = run([*manage, venue, label, *BY_ADMINISTRATOR], env=own.environment())
    return {
        "base_url": own.base_url,
        "log": str(own.var / "log" / "web.log"),
        "phone": phone,
        "home": HOME,
        "id_number": resident_number(HOME, random=Random(seed)),
        "enrolment_code": re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}", told)[0],
        "officer": own.demo["officer"]["token"],
        "partner": own.demo["partner"]["token"],
        "resident": own.demo["resident"]["token"],
        "person": str(own.demo["resident"]["person"]),
        "document_last4": own.demo["resident"]["document_last4"],
        "area": "330127",
    }


def run(command: list[str], *, env: dict[str, str] | None = None, stdin: str = "") -> str:
    """Run a program that must succeed, and return its output."""
    ran = subprocess.run(
        command, input=stdin, capture_output=True, text=True, cwd=ROOT, env=env, check=False
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout + ran.stderr
