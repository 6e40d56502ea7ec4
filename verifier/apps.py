"""The verifier room."""

from django.apps import AppConfig


class VerifierConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "verifier"
