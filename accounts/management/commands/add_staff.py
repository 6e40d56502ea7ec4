"""`manage.py add_staff NAME --role officer --area 33`: an account for staff, or one more grant."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import authority, services
from accounts.models import Role
from healthcode.web.errors import InvalidInput

STAFF_ROLES = [role.value for role in Role if role != Role.RESIDENT]


class Command(BaseCommand):
    """Make an account for an officer, a venue manager, a source or a partner."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", required=True, choices=STAFF_ROLES)
        parser.add_argument(
            "--area", default="", help="code of the area (default: the whole country)"
        )
        parser.add_argument(
            "--machine", action="store_true", help="no password; give it tokens with issue_token"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the account. The password is typed, or piped in as one line."""
        password = None if options["machine"] else _read_password()
        try:
            area = authority.normalise_code(options["area"]) if options["area"] else ""
            services.add_staff(
                username=options["username"],
                password=password,
                role=Role(options["role"]),
                area=area,
                at=timezone.now(),
            )
        except InvalidInput as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        except ValidationError as weak:
            raise CommandError(" ".join(weak.messages)) from weak
        within = area or "the whole country"
        self.stdout.write(f"{options['username']}: {options['role']} of {within}")


def _read_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")
