"""What the verifier counts for /metrics: outcomes, never who or where."""

from prometheus_client import Counter

SCANS = Counter(
    "healthcode_scans", "Codes scanned at doors and recorded.", ["outcome", "reason", "offline"]
)
