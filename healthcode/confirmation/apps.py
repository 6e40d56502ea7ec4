"""The confirmation room."""

from django.apps import AppConfig


class ConfirmationConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.confirmation"
    label = "confirmation"
