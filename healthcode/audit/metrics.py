"""Metrics of the audits: whether they run, and whether they found something."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from healthcode.audit.models import Audit, FindingKind


class AuditMetrics(Collector):
    """What the last finished audit found, and when it ended. They are read at each look."""

    def collect(self) -> Iterable[Metric]:
        """Yield nothing before the first audit has ended."""
        last = Audit.objects.filter(finished_at__isnull=False).order_by("-finished_at").first()
        if last is None or last.finished_at is None:
            return
        found = GaugeMetricFamily(
            "healthcode_audit_findings",
            "Rows that contradict others, by kind, as the last finished audit found them.",
            labels=["kind"],
        )
        for kind in FindingKind:
            found.add_metric([kind.value], last.findings.filter(kind=kind).count())
        yield found
        yield GaugeMetricFamily(
            "healthcode_audit_finished_timestamp_seconds",
            "When the last finished audit ended. One ends each night.",
            last.finished_at.timestamp(),
        )
