"""The scan_tracing room."""

from django.apps import AppConfig


class ScanTracingConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.scan_tracing"
    label = "scan_tracing"
