"""`manage.py take_back_role NAME --role officer --area 33 --by NAME`: end one role."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts import authority
from accounts.models import Role
from healthcode.administration import staff
from healthcode.administration.commands import (
    AdministrationCommand,
    account_named,
    administrator,
)
from healthcode.administration.errors import RoleEnded
from healthcode.administration.plans import STAFF_ROLES


class Command(AdministrationCommand):
    """Take one role from an account at once. Its other roles, sessions and tokens stay."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account and the role."""
        super().add_arguments(parser)
        parser.add_argument("username")
        roles = [role.value for role in Role if role in STAFF_ROLES]
        parser.add_argument("--role", required=True, choices=roles)
        parser.add_argument(
            "--area", default="", help="code of the area (default: the whole country)"
        )

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Take the role back."""
        area = authority.normalise_code(options["area"]) if options["area"] else ""
        account = account_named(options["username"])
        grant = account.grants.in_force(at).filter(role=options["role"], area=area).first()
        if grant is None:
            raise RoleEnded
        staff.take_back(by=administrator(options), grant=grant, at=at)
        where = area or "the whole country"
        self.stdout.write(f"{account.username}: no {options['role']} of {where} any more")
