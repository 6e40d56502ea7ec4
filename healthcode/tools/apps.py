"""The tools room."""

from django.apps import AppConfig


class ToolsConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.tools"
    label = "tools"
