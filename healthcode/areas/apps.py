"""The areas room."""

from django.apps import AppConfig


class AreasConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.areas"
    label = "areas"

    def ready(self) -> None:
        """Tell the room below, which knows no divisions, which there are and have been."""
        from accounts import authority, identity
        from healthcode.areas import issued, lives

        identity.areas_known_to(issued.has_been_an_area)
        authority.areas_checked_by(lives.require_division)
