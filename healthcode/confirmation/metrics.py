"""How many alarms wait, for the metrics: those of which somebody was told, and the others."""

from collections import Counter
from collections.abc import Iterable

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from healthcode.officers.alarms import open_alarms


class AlarmMetrics(Collector):
    """Read the open alarms from the database, which has them for all processes."""

    def collect(self) -> Iterable[Metric]:
        """Count the open alarms by whether somebody was told."""
        counts = Counter(
            "somebody" if any(one.told_at for one in alarm.messages.all()) else "nobody"
            for alarm in open_alarms(at=timezone.now())
        )
        gauge = GaugeMetricFamily(
            "healthcode_alarms_open", "Alarms that nobody has answered.", labels=["told"]
        )
        for told in ("somebody", "nobody"):
            gauge.add_metric([told], counts[told])
        yield gauge
