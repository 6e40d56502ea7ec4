"""What a partner gets from `pip install .`: the core alone, small, without Django."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.core.forge import NOON, signed
from tests.core.test_vectors import VECTORS

ROOT = Path(__file__).parents[2]
# This takes the wheel's dependencies from a package index.
pytestmark = pytest.mark.live
NO_INDEX = ("Could not find a version", "No matching distribution", "connection broken")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the repository's wheel from a copy, because a build leaves files behind."""
    copy = tmp_path_factory.mktemp("source")
    shutil.copy(ROOT / "pyproject.toml", copy)
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    shutil.copytree(ROOT / "healthcode", copy / "healthcode", ignore=ignored)
    _pip(Path(sys.executable), "wheel", ".", "--no-deps", "-w", "wheels", at=copy)
    (built,) = (copy / "wheels").iterdir()
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an empty environment with the wheel installed."""
    folder = tmp_path_factory.mktemp("partner")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    _pip(python, "install", str(wheel), at=folder)
    return python


def _pip(python: Path, *arguments: str, at: Path) -> None:
    command = [python, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, cwd=at, capture_output=True, check=False)
    errors = done.stderr.decode()
    if any(sign in errors for sign in NO_INDEX):
        pytest.skip("no package index can be reached, so the wheel's dependencies cannot")
    assert done.returncode == 0, errors


def installed(python: Path) -> set[str]:
    command = [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, check=True)
    return {entry["name"].lower() for entry in json.loads(done.stdout)}


def test_nothing_but_cryptography_comes_with_it(environment: Path) -> None:
    found = installed(environment) - {"pip", "setuptools"}

    assert found <= {"healthcode-core", "cryptography", "cffi", "pycparser"}


def test_it_verifies(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "trust").write_text(VECTORS["trust"]["current"])
    (tmp_path / "alliance").write_text(json.dumps(VECTORS["alliance_keys"]))
    knowing = ["--trust", "trust", "--alliance", "alliance", "--at", str(NOON)]

    done = subprocess.run(
        [environment, "-m", "healthcode.core", "verify", *knowing, signed()],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert done.stderr == b""
    assert json.loads(done.stdout)["reason"] == "stale_data"
    assert done.returncode == 1


def test_the_wheel_is_the_core_alone_and_small(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]

    assert all(name.startswith("healthcode/core/") for name in names)
    assert "healthcode/core/py.typed" in names
    assert not any(name.endswith(".ts") for name in names), "what browsers run is no part of it"
    assert wheel.stat().st_size < 100_000
