"""A test without a mark gets no servers, and fails with a sentence about marks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = """
import os, subprocess, psycopg2, pytest, redis
from pathlib import Path
from django.conf import settings
from accounts.models import Account
from healthcode.tools.run.postgres import Postgres
from tests.live.service import LiveService

def test_declared(db):
    assert not Account.objects.exists()

def test_rows():
    Account.objects.exists()

def test_fixture(request):
    request.getfixturevalue("db")

def test_address():
    psycopg2.connect(os.environ["DATABASE_URL"])

def test_broker():
    redis.Redis.from_url(settings.BROKER_URL).ping()

def test_caught():
    try:
        redis.Redis.from_url(settings.BROKER_URL).ping()
    except Exception:
        pass

def test_server(tmp_path):
    folder = tmp_path / "data"
    Postgres(folder, port=1, password="x", log=tmp_path / "log").create()

def test_service(tmp_path):
    LiveService(tmp_path / "var").start()

def test_browser():
    subprocess.run(["chromium", "--version"])

def test_pure():
    assert os.environ["DATABASE_URL"].endswith("@127.0.0.1:1/none")
"""
IMPURE = 8


def run(folder: Path, *arguments: str) -> str:
    """Return what pytest prints about the tests above."""
    (folder / "test_it.py").write_text(TESTS)
    configured = [f"--confcutdir={folder}", f"--rootdir={folder}", "-c", ROOT / "pyproject.toml"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *configured, *arguments, folder / "test_it.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    return ran.stdout


def test_a_test_without_a_mark_fails_where_it_reaches_for_a_server(tmp_path: Path) -> None:
    said = run(tmp_path, "-m", "not servers and not live and not more")
    assert f"{IMPURE} failed, 1 passed, 1 deselected" in said


@pytest.mark.live
def test_it_fails_too_while_the_servers_run_for_others(tmp_path: Path) -> None:
    assert f"{IMPURE} failed, 2 passed in" in run(tmp_path)
    assert f"{IMPURE} failed, 2 passed in" in run(tmp_path, "-n", "2")
