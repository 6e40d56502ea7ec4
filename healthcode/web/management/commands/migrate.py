"""`manage.py migrate`, which does not keep a running service waiting for its tables."""

from typing import Any

from django.core.management.commands import migrate

from healthcode.web.calls import AtWork, CallKind, at


class Command(migrate.Command):
    """As Django's, with limits: each migration's transaction ends rather than waits."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; fails where a lock is not to be had in time, and may be run again."""
        with at(AtWork(CallKind.MIGRATION)):
            super().handle(*args, **options)
