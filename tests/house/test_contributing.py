"""CONTRIBUTING.md names files that exist; it and README.md stay short enough to be read."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
TEXT: Final = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
README: Final = (ROOT / "README.md").read_text("utf-8")


def test_every_path_that_it_names_exists() -> None:
    named = set(re.findall(r"`((?:accounts|docs|healthcode|tests|verifier)/[\w./-]*)`", TEXT))
    assert len(named) > 20
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_it_stays_under_170_lines() -> None:
    assert len(TEXT.splitlines()) < 170


def test_the_readme_stays_under_500_words() -> None:
    assert len(README.split()) < 500


def test_each_of_the_ten_rules_has_an_example_in_both_languages() -> None:
    rules = re.findall(r"^\| (\d+)\. .+ \| .+ → .+ \| .*[\u4e00-\u9fff].* → .+ \|$", TEXT, re.M)
    assert rules == [str(number) for number in range(1, 11)]


def test_every_target_of_make_that_it_and_the_readme_name_exists() -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", TEXT + README, re.MULTILINE))
    assert named >= {"run", "check", "test", "test-quick", "test-more"}
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert named <= set(targets)
