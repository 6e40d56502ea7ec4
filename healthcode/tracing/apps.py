"""The tracing room."""

from django.apps import AppConfig


class TracingConfig(AppConfig):
    """From a case to its contacts."""

    name = "healthcode.tracing"
    label = "tracing"

    def ready(self) -> None:
        """Tell the accounts room below, which may not import this one, whom presences need."""
        from django.db.models import Exists, OuterRef, Q

        from accounts.waiting import kept_waiting_while
        from healthcode.tracing.models import Membership, Presence

        for model in (Presence, Membership):
            about = model.objects.filter(person=OuterRef("pk"))
            kept_waiting_while(Q(Exists(about)))
