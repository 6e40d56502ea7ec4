"""The audit room."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.audit"
    label = "audit"
