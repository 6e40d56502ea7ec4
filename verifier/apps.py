"""The verifier room."""

from django.apps import AppConfig


class VerifierConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "verifier"

    def ready(self) -> None:
        """Register the checks of this room's settings."""
        from verifier.recognition import checks  # noqa: F401  registers them
