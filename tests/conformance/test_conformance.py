"""In every shared suite no difference is ours, and docs/conformance.md lists the findings."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.conformance import Agreement, Suite
from tests.conformance.__main__ import ours
from tests.conformance.faults import FAULTS
from tests.conformance.suites import SUITES

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.title)
def test_suite(suite: Suite) -> None:
    if not suite.path.exists():
        pytest.skip(f"{suite.path} is not on this machine; SHARED_DATA says where it is")

    findings = list(suite.run(suite.path))

    assert ours(findings) == []
    counts = Counter(finding.agreement for finding in findings)
    row = " | ".join(str(counts[kind]) for kind in Agreement)
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert any(line.endswith(f"| {row} |") and line[2:8] in suite.title for line in lines), row


def test_every_fault_of_a_vector_is_explained_and_there() -> None:
    steps = {name.split(" ")[1] for name in FAULTS}
    explained = {
        name
        for name in re.findall(r"`([^`\n]+)`", PAGE.read_text(encoding="utf-8"))
        if name.split(" ")[-1] in steps and " " in name
    }

    assert explained == set(FAULTS)
    suite = SUITES[0]
    if suite.path.exists():
        assert set(FAULTS) <= {finding.name for finding in suite.run(suite.path)}
