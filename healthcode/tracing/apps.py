"""The tracing room."""

from django.apps import AppConfig


class TracingConfig(AppConfig):
    """From a case to its contacts."""

    name = "healthcode.tracing"
    label = "tracing"
