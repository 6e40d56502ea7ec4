"""The evidence room."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.evidence"
    label = "evidence"
