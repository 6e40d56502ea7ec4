"""The sources room."""

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.sources"
    label = "sources"
