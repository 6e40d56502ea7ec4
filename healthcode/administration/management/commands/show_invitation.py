"""`manage.py show_invitation NAME --by ADMINISTRATOR`: print the link that waited, once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcode.administration.commands import account_named, link_told
from healthcode.web.errors import Refusal


class Command(BaseCommand):
    """Print the link with which somebody chooses a password, after a second person confirmed."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account, and who may see its link."""
        parser.add_argument("username")
        parser.add_argument("--by", required=True, help="user name of whoever proposed it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the link. Raises CommandError if there is none to show."""
        to = account_named(options["by"], is_open=True)
        account = account_named(options["username"])
        try:
            self.stdout.write(link_told(to=to, account=account, at=timezone.now()))
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
