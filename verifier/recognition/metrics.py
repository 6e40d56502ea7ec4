"""Metrics about keys and trust lists: when they were confirmed, and when they expire."""

from collections.abc import Iterable

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from verifier.models import Publication
from verifier.recognition import alliance
from verifier.recognition.alliance import ListState


class TrustMetrics(Collector):
    """Metrics that show how reliable the doors' data is. They are read at each request."""

    def collect(self) -> Iterable[Metric]:
        """Yield the metrics of the alliance's list, if one is followed, and of issuers' keys."""
        if alliance.is_followed():
            yield from _trust_list()
        heard = GaugeMetricFamily(
            "healthcode_issuer_keys_confirmed_timestamp_seconds",
            "When an issuer trusted by hand last confirmed its keys.",
            labels=["issuer"],
        )
        keys = Publication.objects.filter(kind="keys")
        for issuer, as_of in keys.values_list("issuer", "as_of"):
            heard.add_metric([issuer], as_of.timestamp())
        yield heard


def _trust_list() -> Iterable[Metric]:
    at = timezone.now()
    held = alliance.held(at=at)
    now = held.state(at=at) if held else ListState.MISSING
    states = GaugeMetricFamily(
        "healthcode_trust_list_state",
        "1 for the current state of the alliance's trust list, which should be good; else 0.",
        labels=["state"],
    )
    for state in ListState:
        states.add_metric([state.value], int(state is now))
    yield states
    if held is not None:
        yield GaugeMetricFamily(
            "healthcode_trust_list_sequence", "Number of the trust list.", held.trust.sequence
        )
        yield GaugeMetricFamily(
            "healthcode_trust_list_expires_timestamp_seconds",
            "When the trust list expires. After that no partner's code gets a pass.",
            held.ends_at.timestamp(),
        )
        yield GaugeMetricFamily(
            "healthcode_trust_list_confirmed_timestamp_seconds",
            "When the trust list was last confirmed by its source.",
            held.confirmed_at.timestamp(),
        )
