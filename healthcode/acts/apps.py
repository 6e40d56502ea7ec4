"""The acts room."""

from django.apps import AppConfig


class ActsConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.acts"
    label = "acts"

    def ready(self) -> None:
        """Register the checks of this room's settings."""
        from healthcode.acts import checks  # noqa: F401  registers them
