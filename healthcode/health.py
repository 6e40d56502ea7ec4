"""The addresses for monitoring: whether this process is alive, whether it can serve, its metrics.

No probe waits for the database or the broker. Watches ask them on threads of their own, and the
probes report the last answer with its age.
"""

import os
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from celery import current_app
from django.conf import settings
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

from healthcode import __version__
from healthcode.acts.metrics import LogMetrics
from healthcode.audit.metrics import AuditMetrics
from healthcode.colours.models import Recomputation, RecomputationState
from healthcode.confirmation.metrics import AlarmMetrics
from healthcode.evidence.models import HeldLine
from healthcode.web.catalog import schema_state
from healthcode.web.errors import Refusal
from healthcode.web.outages import DATABASE
from healthcode.web.problems import problem_response
from healthcode.web.pulse import Watch
from verifier.recognition.metrics import TrustMetrics

LOOK_SECONDS: Final = 5
FIRST_LOOK_SECONDS: Final = 0.5
"""How long a probe of a process that has just started waits for the first answer of a watch."""


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponseBase:
    """Say that this process is alive. The database and the broker do not matter here."""
    return JsonResponse({"status": "alive"})


class NotReady(Refusal):
    """The service cannot serve any request, because the database or its tables are missing."""

    slug = "not-ready"
    status = 503
    title = _("Not ready")
    sentence = _("The service cannot work yet; try again in a moment.")
    extensions = {
        "version": {"type": "string"},
        "database": {"type": "string"},
        "database_seconds_ago": {"type": ["number", "null"]},
        "broker": {"type": "string"},
        "broker_seconds_ago": {"type": ["number", "null"]},
    }
    retry_after = 5


class Tables(NamedTuple):
    """What a watch read from the database: the state of the schema, and counts for the metrics."""

    schema: str
    counts: list[Metric]


def _look_into_tables() -> Tables:
    """Read the state of the schema, and the counts that the database has for all processes.

    Raises DatabaseError; the next look then begins with a new connection.
    """
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return Tables("migrations pending", [])
        state = schema_state()
        if state != "ok":
            return Tables(state, [])
        return Tables("ok", [metric for each in _counted() for metric in each.collect()])
    except DatabaseError:
        connection.close()
        raise


def _counted() -> tuple[Collector, ...]:
    """Return what is counted in the tables. A process of doors may not read those of others."""
    if settings.SERVES_DOORS_ONLY:
        return (TrustMetrics(),)
    return (
        *(_OpenRecomputations(), _HeldLines(), TrustMetrics(), AuditMetrics()),
        *(AlarmMetrics(), LogMetrics()),
    )


def _ask_the_broker() -> str:
    try:
        with current_app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=0, timeout=1)
    except (BrokerError, OSError):
        return "down"
    return "ok"


TABLES: Final = Watch("tables", _look_into_tables, every=LOOK_SECONDS, expected=(DatabaseError,))
BROKER: Final = Watch("broker", _ask_the_broker, every=LOOK_SECONDS)
WATCHES: Final[tuple[Watch[Any], ...]] = (DATABASE, TABLES, BROKER)


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponseBase:
    """Say whether requests can be served: the database answers and has this version's tables.

    The answer also gives the state of the broker, but does not depend on it. Without the broker,
    the service still records acts and scans, and a periodic task (the sweep) later finds the work.
    Each state has its age.
    """
    database, asked = _database_state()
    broker, seen = _broker_state()
    state: dict[str, Any] = {
        "version": __version__,
        "database": database,
        "database_seconds_ago": asked,
        "broker": broker,
        "broker_seconds_ago": seen,
    }
    if database != "ok":
        return problem_response(NotReady(**state))
    return JsonResponse({"status": "ready", **state})


def _database_state() -> tuple[str, float | None]:
    pulse = DATABASE.known(patience=FIRST_LOOK_SECONDS)
    if pulse is None or DATABASE.is_silent() or not pulse.value:
        return "down", pulse and round(pulse.age, 1)
    tables = TABLES.known(patience=FIRST_LOOK_SECONDS)
    return (tables.value.schema if tables else "not seen yet"), round(pulse.age, 1)


def _broker_state() -> tuple[str, float | None]:
    seen = BROKER.known(patience=FIRST_LOOK_SECONDS)
    if seen is None or BROKER.is_silent():
        return "down", seen and round(seen.age, 1)
    return seen.value, round(seen.age, 1)


class _OpenRecomputations(Collector):
    """Count unfinished recomputations in the database, because any process may have done some."""

    def collect(self) -> Iterable[Metric]:
        """Count the recomputations in each unfinished state."""
        gauge = GaugeMetricFamily(
            "healthcode_recomputations", "Recomputations that are not done.", labels=["state"]
        )
        for state in RecomputationState:
            if state != RecomputationState.DONE:
                gauge.add_metric([state], Recomputation.objects.filter(state=state).count())
        yield gauge


class _HeldLines(Collector):
    """Count the lines of sources that wait for an officer."""

    def collect(self) -> Iterable[Metric]:
        """Count them all, in every area."""
        gauge = GaugeMetricFamily(
            "healthcode_held_lines", "Lines of sources that wait for an officer."
        )
        gauge.add_metric([], HeldLine.objects.filter(rejected_by=None).count())
        yield gauge


class _Seen(Collector):
    """What the watches last read, and how long ago."""

    def collect(self) -> Iterable[Metric]:
        """Return the last counts from the database, and the age of what each watch knows."""
        tables = TABLES.known(patience=FIRST_LOOK_SECONDS)
        yield from tables.value.counts if tables else ()
        ages = GaugeMetricFamily(
            "healthcode_seen_seconds_ago",
            "Age of what this process knows of each server; what is not seen yet is not there.",
            labels=["what"],
        )
        for watch in WATCHES:
            seen = watch.known()
            if seen is not None:
                ages.add_metric([watch.name], seen.age)
        yield ages


@never_cache
@require_safe
def metrics(_request: HttpRequest) -> HttpResponseBase:
    """Return the metrics in the text format of Prometheus."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
    seen = CollectorRegistry()
    seen.register(_Seen())
    return HttpResponse(
        generate_latest(registry) + generate_latest(seen), content_type=CONTENT_TYPE_LATEST
    )


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
