"""The acts room."""

from django.apps import AppConfig


class ActsConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.acts"
    label = "acts"
