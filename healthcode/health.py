"""Whether this process lives, whether it can serve, and what it counts."""

import os
from collections.abc import Iterable

from celery import current_app
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError as BrokerError
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from healthcode.colours.models import Recomputation, RecomputationState
from healthcode.web.errors import Refusal
from healthcode.web.problems import problem_response
from verifier.recognition.metrics import TrustMetrics


class NotReady(Refusal):
    """Something without which no request can be served is missing; told to operators alone."""

    slug = "not-ready"
    status = 503
    title = _("Not ready")
    sentence = _("The service cannot work yet; try again in a moment.")
    extensions = {"database": {"type": "string"}, "broker": {"type": "string"}}
    retry_after = 5


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponseBase:
    """This process is alive; says nothing about what it depends on."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponseBase:
    """Whether requests can be served: the database answers and has this version's tables.

    The broker's state is told but decides nothing: with the broker down, acts and scans are still
    recorded, and the periodic sweep finds the work.
    """
    database = _database_state()
    state = {"database": database, "broker": _broker_state()}
    if database != "ok":
        return problem_response(NotReady(**state))
    return JsonResponse({"status": "ready", **state})


def _database_state() -> str:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "down"
    return "migrations pending" if pending else "ok"


def _broker_state() -> str:
    try:
        with current_app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=0, timeout=1)
    except (BrokerError, OSError):
        return "down"
    return "ok"


class _OpenRecomputations(Collector):
    """Counted when asked for: the database knows, whichever process did the work."""

    def collect(self) -> Iterable[Metric]:
        """How many recomputations are in each unfinished state."""
        gauge = GaugeMetricFamily(
            "healthcode_recomputations", "Recomputations that are not done.", labels=["state"]
        )
        for state in RecomputationState:
            if state != RecomputationState.DONE:
                gauge.add_metric([state], Recomputation.objects.filter(state=state).count())
        yield gauge


@never_cache
@require_safe
def metrics(_request: HttpRequest) -> HttpResponseBase:
    """The counts, in the text format that Prometheus reads."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
    now = CollectorRegistry()
    now.register(_OpenRecomputations())
    now.register(TrustMetrics())
    return HttpResponse(
        generate_latest(registry) + generate_latest(now), content_type=CONTENT_TYPE_LATEST
    )


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
