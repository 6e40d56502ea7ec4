"""The rights of a person, across all rooms."""

from django.apps import AppConfig


class RightsConfig(AppConfig):
    """See docs/reference/retention.md."""

    name = "healthcode.rights"
    label = "rights"
