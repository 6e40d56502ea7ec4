"""`manage.py reset_password NAME --by ADMINISTRATOR`: somebody forgot their password."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from healthcode.administration import staff
from healthcode.administration.commands import (
    AdministrationCommand,
    account_named,
    administrator,
    told,
)


class Command(AdministrationCommand):
    """End the password of an account, and print a link with which its owner chooses a new one.

    For an officer or an administrator this waits for a second person.
    """

    help = "End somebody's password, and print a link with which its owner chooses a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account."""
        super().add_arguments(parser)
        parser.add_argument("username")

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """End the password, or propose to."""
        by, account = administrator(options), account_named(options["username"], is_open=True)
        done = staff.reset_password(by=by, account=account, at=at)
        said = f"{account.username}: the old password has ended"
        self.stdout.write(told(done, said=said, by=by, at=at))
