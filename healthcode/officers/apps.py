"""The officers room."""

from django.apps import AppConfig


class OfficersConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.officers"
    label = "officers"
