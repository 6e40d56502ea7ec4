"""Every shared suite, with the table of docs/conformance.md held to what is found."""

from collections import Counter

import pytest

from tests.conformance import Agreement, Suite
from tests.conformance.__main__ import EXPLAINED, unexplained
from tests.conformance.suites import SUITES


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.title)
def test_suite(suite: Suite) -> None:
    if not suite.path.exists():
        pytest.skip(f"{suite.path} is not on this machine; SHARED_DATA says where it is")

    findings = list(suite.run(suite.path))

    assert unexplained(findings) == []
    counts = Counter(finding.agreement for finding in findings)
    row = " | ".join(str(counts[kind]) for kind in Agreement)
    lines = EXPLAINED.read_text(encoding="utf-8").splitlines()
    assert any(line.endswith(f"| {row} |") and line[2:8] in suite.title for line in lines)
