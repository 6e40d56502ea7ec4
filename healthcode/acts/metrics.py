"""Metrics of the public log: how much waits to get into it."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from healthcode.acts.models import LogLeaf, LookDigest


class LogMetrics(Collector):
    """How many leaves and looks are not in the public log yet. They are counted at each look."""

    def collect(self) -> Iterable[Metric]:
        """Count both by partial indexes, which have only the rows that wait."""
        yield GaugeMetricFamily(
            "healthcode_log_leaves_waiting",
            "Leaves that wait for a position in the public log; normally for a second.",
            LogLeaf.objects.filter(position=None).count(),
        )
        yield GaugeMetricFamily(
            "healthcode_log_looks_waiting",
            "Looks that wait for the leaf of their hour, at most an hour and a quarter.",
            LookDigest.objects.filter(leaf=None).count(),
        )
