"""The counter of scans for /metrics. It counts outcomes and nothing about people."""

from prometheus_client import Counter

SCANS = Counter(
    "healthcode_scans", "Codes scanned at doors and recorded.", ["outcome", "reason", "offline"]
)
