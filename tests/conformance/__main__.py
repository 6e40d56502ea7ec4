"""Print the findings of each suite as a table.

The exit status is 1 if a suite is missing, or if a difference is ours, which means that `faults`
does not name it.
"""

import sys
from collections import Counter

from tests.conformance import Agreement, Finding
from tests.conformance.suites import SUITES


def ours(findings: list[Finding]) -> list[str]:
    """Return the differences that are no fault of the vectors, a line each."""
    return [
        f"{finding.name}: {finding.detail}"
        for finding in findings
        if finding.agreement is Agreement.DIFFERING
    ]


def main() -> int:
    failed = False
    print(f"{'':30}" + "".join(f"{kind:>16}" for kind in Agreement))
    for suite in SUITES:
        if not suite.path.exists():
            print(f"{suite.title:30}  missing, expected at {suite.path}")
            failed = True
            continue
        findings = list(suite.run(suite.path))
        counts = Counter(finding.agreement for finding in findings)
        print(f"{suite.title:30}" + "".join(f"{counts[kind]:16}" for kind in Agreement))
        for line in ours(findings):
            print(f"  {line}")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
