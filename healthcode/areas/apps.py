"""The areas room."""

from django.apps import AppConfig


class AreasConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.areas"
    label = "areas"
