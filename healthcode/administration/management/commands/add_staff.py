"""`manage.py add_staff NAME --role officer --area 33 --by ADMINISTRATOR`: give somebody a role."""

import getpass
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from accounts import authority, masks
from accounts.models import Role
from healthcode.acts.grounds import add_ground, ground_of
from healthcode.administration import services
from healthcode.administration.commands import AdministrationCommand, administrator


class Command(AdministrationCommand):
    """Give a role to an account of staff or of a machine; make the account if there is none."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account, the role, and who grants it."""
        parser.add_argument("username")
        roles = [role.value for role in Role if role in services.STAFF_ROLES]
        parser.add_argument("--role", required=True, choices=roles)
        parser.add_argument(
            "--area", default="", help="code of the area (default: the whole country)"
        )
        parser.add_argument(
            "--machine", action="store_true", help="no password; give it tokens with issue_token"
        )
        parser.add_argument(
            "--phone", default="", help="of staff: where an alarm is told by text message"
        )
        parser.add_argument("--name", default="", help="of a source: its public name in Chinese")
        parser.add_argument("--name-en", default="", help="of a source: the same in English")
        parser.add_argument(
            "--by",
            help="user name of the administrator who answers for this; the first administrator "
            "needs none",
        )
        add_ground(parser)

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Grant the role. The password is typed, or piped in as one line."""
        role = Role(options["role"])
        if not options["by"] and role is not Role.ADMINISTRATOR:
            raise CommandError("Say with --by which administrator does this.")
        names = options["name"], options["name_en"]
        if any(names) and role is not Role.SOURCE:
            raise CommandError("Only a source has a public name.")
        area = authority.normalise_code(options["area"]) if options["area"] else ""
        by = administrator(options) if options["by"] else None
        password = None if options["machine"] else _read_password()
        try:
            if by is None:
                services.add_first_administrator(
                    username=options["username"],
                    area=area,
                    password=password,
                    phone=options["phone"],
                    ground=ground_of(options),
                    at=at,
                )
            else:
                grant = services.StaffGrant(
                    options["username"], role, area, *names, options["phone"]
                )
                services.add_staff(by=by, grant=grant, password=password, at=at)
        except ValidationError as weak:
            raise CommandError(" ".join(weak.messages)) from weak
        told = f", told at {masks.phone(options['phone'])}" if options["phone"] else ""
        self.stdout.write(f"{options['username']}: {role} of {area or 'the whole country'}{told}")


def _read_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")
