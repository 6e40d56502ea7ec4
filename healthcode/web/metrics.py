"""The metrics for operators. They are numbers only: no person, no venue, no IP address.

Any room may define metrics; `healthcode.health` serves them. With several web processes, set
PROMETHEUS_MULTIPROC_DIR, so that all of them are counted together.
"""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "healthcode_requests", "Requests answered, by name of the route.", ["route", "method", "status"]
)
SECONDS = Histogram(
    "healthcode_request_seconds",
    "Time from request to answer, by name of the route.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


class MetricsMiddleware:
    """Count every answer under the name of its route, because paths hold the numbers of people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Count and time one request."""
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = match.route if match else "unknown"
        SECONDS.labels(route).observe(time.perf_counter() - began)
        REQUESTS.labels(route, request.method, response.status_code).inc()
        return response
