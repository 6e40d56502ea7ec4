"""What doors count for /metrics: outcomes, never who."""

from prometheus_client import Counter

SCANS = Counter(
    "healthcode_scans", "Codes scanned at doors and recorded.", ["outcome", "reason", "offline"]
)
