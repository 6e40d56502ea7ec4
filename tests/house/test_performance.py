"""The documents cover every suite of `make bench`, and the summary fits one page."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.bench.suites import SUITES

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
SUMMARY: Final = (DOCS / "performance.md").read_text("utf-8")


@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_has_a_page_that_both_lists_name(suite: str) -> None:
    page = (DOCS / "performance" / f"{suite}.md").read_text("utf-8")
    assert f"make bench SUITES={suite}" in page
    assert f"(performance/{suite}.md)" in SUMMARY
    assert f"({suite}.md)" in (DOCS / "performance/README.md").read_text("utf-8")


def test_summary_is_one_page() -> None:
    assert len(re.findall(r"[^\s|]*\w[^\s|]*", SUMMARY)) <= 700
