"""The visitor_codes room."""

from django.apps import AppConfig


class VisitorCodesConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.visitor_codes"
    label = "visitor_codes"
