"""`manage.py migrate` with time limits, so that a running service does not wait for its tables.

It runs as the owner of the tables, and afterwards grants their rights to the roles of
service and doors.
"""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate

from healthcode.web import database_roles, doors_role
from healthcode.web.calls import AtWork, CallKind, at


class Command(migrate.Command):
    """Give each migration's transaction the limits of `CallKind.MIGRATION`."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, and grant rights. It fails when a lock takes too long, and may be repeated."""
        with at(AtWork(CallKind.MIGRATION)):
            super().handle(*args, **options)
            if options["plan"] or options["check_unapplied"]:
                return
            try:
                database_roles.grant_rights()
                doors_role.grant_rights()
            except LookupError as error:
                raise CommandError(str(error)) from error
