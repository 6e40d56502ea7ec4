"""What the verifier tells /metrics about its knowledge: how old it is, and how long it lasts."""

from collections.abc import Iterable

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from verifier.models import Publication
from verifier.recognition import alliance
from verifier.recognition.alliance import ListState


class TrustMetrics(Collector):
    """How far what doors know can be relied on; looked up when asked for."""

    def collect(self) -> Iterable[Metric]:
        """The alliance's list, where one is followed, and when each issuer was last heard."""
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
        "1 for the state that the alliance's trust list is in; good is the one to wish for.",
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
            "When the trust list ends, and with it every pass of a partner's code.",
            held.ends_at.timestamp(),
        )
        yield GaugeMetricFamily(
            "healthcode_trust_list_confirmed_timestamp_seconds",
            "When the trust list was last confirmed by its source.",
            held.confirmed_at.timestamp(),
        )
