"""The residents room."""

from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.residents"
    label = "residents"
