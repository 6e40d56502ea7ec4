"""The areas room."""

from django.apps import AppConfig


class AreasConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.areas"
    label = "areas"

    def ready(self) -> None:
        """Tell the room below, which checks identity numbers, which areas there have been."""
        from accounts import identity
        from healthcode.areas import issued

        identity.areas_known_to(issued.has_been_an_area)
