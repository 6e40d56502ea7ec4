"""`manage.py add_staff NAME --role officer --area 33 --by ADMINISTRATOR`: give somebody a role."""

import getpass
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from accounts import authority
from accounts.models import Role
from healthcode.acts.grounds import add_ground, ground_of
from healthcode.administration import staff
from healthcode.administration.commands import AdministrationCommand, administrator, told
from healthcode.administration.plans import STAFF_ROLES, StaffGrant
from healthcode.core.instants import read_date


class Command(AdministrationCommand):
    """Give a role to an account of staff or of a machine; make the account if there is none.

    The role of an officer or an administrator waits for a second person. The command prints a link
    with which the owner of a new account chooses the password.
    """

    help = "Give a role to an account of staff or of a machine; make the account if there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account, the role, and who grants it."""
        parser.add_argument("username")
        roles = [role.value for role in Role if role in STAFF_ROLES]
        parser.add_argument("--role", required=True, choices=roles)
        parser.add_argument(
            "--area", default="", help="code of the area (default: the whole country)"
        )
        parser.add_argument(
            "--phone",
            default="",
            help="of the first administrator: where an alarm is told by text message; "
            "for others there is set_staff_phone",
        )
        parser.add_argument(
            "--until",
            type=read_date,
            help="last day on which the role holds, such as 2027-03-31 (default: no end)",
        )
        parser.add_argument("--name", default="", help="of a source: its public name in Chinese")
        parser.add_argument("--name-en", default="", help="of a source: the same in English")
        parser.add_argument(
            "--by",
            help="user name of the administrator who answers for this; the first administrator "
            "needs none, and types a password",
        )
        add_ground(parser)

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Grant the role, or propose to."""
        role = Role(options["role"])
        if not options["by"] and role is not Role.ADMINISTRATOR:
            raise CommandError("Say with --by which administrator does this.")
        names = options["name"], options["name_en"]
        if any(names) and role is not Role.SOURCE:
            raise CommandError("Only a source has a public name.")
        area = authority.normalise_code(options["area"]) if options["area"] else ""
        said = f"{options['username']}: {role} of {area or 'the whole country'}"
        if options["by"]:
            if options["phone"]:
                raise CommandError(
                    "Give the telephone with set_staff_phone, once the role is given."
                )
            by = administrator(options)
            grant = StaffGrant(options["username"], role, area, *names, until=options["until"])
            done = staff.add_staff(by=by, grant=grant, at=at)
            said = told(done, said=said, by=by, at=at)
        elif options["until"]:
            raise CommandError("The role of the first administrator has no end date.")
        else:
            _add_first(options, area, at)
        self.stdout.write(said)


def _add_first(options: Mapping[str, Any], area: str, at: datetime) -> None:
    """Make the first administrator. The password is typed, or piped in as one line."""
    try:
        staff.add_first_administrator(
            username=options["username"],
            area=area,
            password=_read_password(),
            phone=options["phone"],
            ground=ground_of(options),
            at=at,
        )
    except ValidationError as weak:
        raise CommandError(" ".join(weak.messages)) from weak


def _read_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")
