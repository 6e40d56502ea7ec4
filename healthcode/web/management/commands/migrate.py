"""`manage.py migrate`: Django's own, whose statements wait and work for a limited time alone."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, Final

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.utils import OperationalError

# They hold for the transaction, so that a pooler's connection does not keep them.
_LIMITS: Final = (
    "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)"
)


class Command(migrate.Command):
    """A table that others hold locked stops nobody but the migration (docs/howto/upgrade.md)."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How long a statement may wait for a lock, and how long it may work."""
        super().add_arguments(parser)  # type: ignore[arg-type]  # its own parser is one of these
        parser.add_argument("--lock-timeout", default="5s")
        parser.add_argument("--statement-timeout", default="60s")

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; each migration is a transaction, and what was done before one that fails stays.

        Raises:
            CommandError: a statement waited or worked for too long.
        """
        limits = (options["lock_timeout"], options["statement_timeout"])
        try:
            with connections[options["database"]].execute_wrapper(limited(*limits)):
                super().handle(*args, **options)
        except OperationalError as error:
            raise CommandError(
                f"The migration was not finished and can be repeated: {error}. Where "
                "others hold a table, wait until they are done; where a statement needs longer, "
                "give it --statement-timeout."
            ) from error


def limited(lock: str, statement: str) -> Callable[..., Any]:
    """Make what runs every statement of a transaction within these limits."""

    def run(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if context["connection"].in_atomic_block:
            execute(_LIMITS, [lock, statement], False, context)
        return execute(sql, params, many, context)

    return run
