"""`manage.py close_account NAME --by NAME`: somebody left, or a machine's token got out."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from healthcode.administration import staff
from healthcode.administration.commands import (
    AdministrationCommand,
    account_named,
    administrator,
)


class Command(AdministrationCommand):
    """Close an account at once: no login, no session, no token works any more."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account."""
        super().add_arguments(parser)
        parser.add_argument("username")
        parser.add_argument("--reopen", action="store_true", help="open it again, without tokens")

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Close the account; its acts stay."""
        account, is_open = account_named(options["username"]), options["reopen"]
        staff.set_open(by=administrator(options), account=account, is_open=is_open, at=at)
        self.stdout.write(f"{account.username}: {'open again' if is_open else 'closed'}")
