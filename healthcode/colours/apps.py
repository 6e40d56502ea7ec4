"""The colours room."""

from django.apps import AppConfig


class ColoursConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.colours"
    label = "colours"
