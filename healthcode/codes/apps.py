"""The codes room."""

from django.apps import AppConfig


class CodesConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.codes"
    label = "codes"

    def ready(self) -> None:
        """Register the checks of this room's settings."""
        from healthcode.codes import checks  # noqa: F401  registers them
