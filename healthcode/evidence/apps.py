"""The evidence room."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "healthcode.evidence"
    label = "evidence"

    def ready(self) -> None:
        """Tell the accounts room below, which may not import this one, whom facts need."""
        from django.db.models import Exists, OuterRef, Q

        from accounts.waiting import kept_waiting_while
        from healthcode.evidence.models import Evidence, HeldLine

        for model in (Evidence, HeldLine):
            about = model.objects.filter(person=OuterRef("pk"))
            kept_waiting_while(Q(Exists(about)))
