"""`manage.py set_staff_phone NAME NUMBER --by ADMINISTRATOR`: where somebody is told of alarms."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts import masks
from healthcode.administration import staff
from healthcode.administration.commands import (
    AdministrationCommand,
    account_named,
    administrator,
)


class Command(AdministrationCommand):
    """Store the telephone at which an officer or administrator is told of alarms."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account and its telephone."""
        super().add_arguments(parser)
        parser.add_argument("username")
        parser.add_argument("phone")

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Store the telephone, which replaces an earlier one."""
        account = account_named(options["username"], is_open=True)
        staff.set_phone(by=administrator(options), account=account, phone=options["phone"], at=at)
        self.stdout.write(f"{account.username}: told at {masks.phone(options['phone'])}")
