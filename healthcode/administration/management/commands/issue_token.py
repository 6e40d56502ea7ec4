"""`manage.py issue_token NAME --label 'hospital 7' --by ADMINISTRATOR`: a token, printed once."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError

from healthcode.administration import staff
from healthcode.administration.commands import (
    AdministrationCommand,
    account_named,
    administrator,
)
from healthcode.web.days import MOST_DAYS


class Command(AdministrationCommand):
    """Issue a token to an account that has a name."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account, and for how long the token lasts."""
        super().add_arguments(parser)
        parser.add_argument("username")
        parser.add_argument("--label", default="", help="what it is for, to tell tokens apart")
        parser.add_argument("--days", type=int, default=90)

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Print the token; only its digest is kept."""
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"A token lasts for some days: from 1 to {MOST_DAYS}.")
        token = staff.issue_token(
            by=administrator(options),
            account=account_named(options["username"], is_open=True),
            label=options["label"],
            expires_at=at + timedelta(days=options["days"]),
            at=at,
        )
        self.stdout.write(token)
