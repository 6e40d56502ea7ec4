"""The verifier has no access to a signing key."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import grimp
import pytest
from django.conf import settings as django_settings
from pytest_django import Settings
from rest_framework.test import APIClient

from tests.verifier.authority import Authority
from tests.verifier.test_scans import scan

ROOT = Path(django_settings.BASE_DIR)
SOURCES = sorted((ROOT / "verifier").rglob("*.py"))


def test_no_import_leads_to_the_room_that_signs() -> None:
    graph = grimp.build_graph("healthcode", "accounts", "verifier")
    modules = [name for name in graph.modules if name.partition(".")[0] == "verifier"]
    assert "verifier.doors.scanning" in modules
    for target in ("healthcode.codes", "healthcode.tracing"):
        reached = [name for name in modules if graph.chain_exists(name, target, as_packages=True)]
        assert reached == [], target


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_source_names_a_signing_key(path: Path) -> None:
    text = path.read_text()
    for word in ("SIGNING_KEY", "private_key", "SigningKey", "STATUS_INDEX_KEY"):
        assert word not in text


def test_a_process_without_the_signing_secret_scans(
    door: APIClient, zhejiang: Authority, now: datetime, settings: Settings
) -> None:
    settings.SIGNING_KEY_SECRET = settings.STATUS_INDEX_KEY = ""
    assert scan(door, zhejiang.code(at=now)).json()["outcome"] == "pass"


def test_a_process_without_the_signing_secret_starts() -> None:
    """All modules of the verifier load in a process without the secrets."""
    secrets = {"SIGNING_KEY_SECRET", "STATUS_INDEX_KEY"}
    environment = {name: value for name, value in os.environ.items() if name not in secrets}
    program = (
        "import django, sys; django.setup();"
        "import verifier.doors.api, verifier.venues.pages, verifier.tasks;"
        "sys.exit('healthcode.codes.keys' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0
