"""CONTRIBUTING.md names files that there are, and stays short enough to be read."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
TEXT: Final = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_every_path_that_it_names_exists() -> None:
    named = set(re.findall(r"`((?:accounts|docs|healthcode|tests|verifier)/[\w./-]*)`", TEXT))
    assert len(named) > 20
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_it_stays_under_150_lines() -> None:
    assert len(TEXT.splitlines()) < 150
