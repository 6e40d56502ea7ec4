"""What the verifier counts for /metrics: outcomes, never who or where."""

from prometheus_client import Counter

SCANS = Counter("healthcode_scans_total", "Scans recorded", ["outcome", "reason", "offline"])
REFRESH_FAILURES = Counter(
    "healthcode_refresh_failures_total", "Refreshes of an issuer that failed", ["issuer"]
)
