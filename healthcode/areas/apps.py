"""The areas room."""

from django.apps import AppConfig


class AreasConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.areas"
    label = "areas"

    def ready(self) -> None:
        """Give the accounts room below, which may not import this one, its checks of areas."""
        from accounts import authority, identity
        from healthcode.areas import issued, lives

        identity.areas_known_to(issued.has_been_an_area)
        authority.areas_checked_by(lives.require_division)
