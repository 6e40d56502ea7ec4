"""The administration room."""

from django.apps import AppConfig


class AdministrationConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.administration"
    label = "administration"
