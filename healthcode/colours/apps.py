"""The colours room."""

from django.apps import AppConfig


class ColoursConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.colours"
    label = "colours"

    def ready(self) -> None:
        """Give the accounts room below, which may not import this one, a way to end codes."""
        from accounts import guardians
        from healthcode.colours.superseding import end_codes

        guardians.codes_end_by(end_codes)
