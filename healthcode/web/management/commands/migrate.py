"""`manage.py migrate` with time limits, so that a running service does not wait for its tables."""

from typing import Any

from django.core.management.commands import migrate

from healthcode.web.calls import AtWork, CallKind, at


class Command(migrate.Command):
    """Give each migration's transaction the limits of `CallKind.MIGRATION`."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate. It fails when a lock takes too long, and may be repeated."""
        with at(AtWork(CallKind.MIGRATION)):
            super().handle(*args, **options)
