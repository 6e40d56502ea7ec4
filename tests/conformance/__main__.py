"""Prints what each suite finds: agreed, differing, not applicable. Exit status 1 when a suite is
missing or a difference is not explained in docs/conformance.md."""

import sys
from collections import Counter
from pathlib import Path

from tests.conformance import Agreement, Finding
from tests.conformance.suites import SUITES

EXPLAINED = Path(__file__).parents[2] / "docs" / "conformance.md"


def unexplained(findings: list[Finding]) -> list[Finding]:
    """The differences whose names docs/conformance.md does not mention."""
    explained = EXPLAINED.read_text(encoding="utf-8")
    return [
        finding
        for finding in findings
        if finding.agreement is Agreement.DIFFERING and f"`{finding.name}`" not in explained
    ]


def main() -> int:
    failed = False
    for suite in SUITES:
        if not suite.path.exists():
            print(f"{suite.title}: missing, expected at {suite.path}")
            failed = True
            continue
        findings = list(suite.run(suite.path))
        counts = Counter(finding.agreement for finding in findings)
        print(f"{suite.title}: " + ", ".join(f"{counts[kind]} {kind}" for kind in Agreement))
        for finding in findings:
            if finding.agreement is Agreement.DIFFERING:
                print(f"  {finding.name}: {finding.detail}")
        for finding in unexplained(findings):
            print(f"  not explained in {EXPLAINED.name}: {finding.name}")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
