"""The codes room."""

from django.apps import AppConfig


class CodesConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.codes"
    label = "codes"
