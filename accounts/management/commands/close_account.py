"""`manage.py close_account NAME`: somebody left, or a machine's token got out."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import services
from accounts.models import Account


class Command(BaseCommand):
    """Close an account at once: no login, no session, no token works any more."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reopen", action="store_true", help="open it again, without tokens")

    def handle(self, *args: Any, **options: Any) -> None:
        """Close the account; its acts stay."""
        account = Account.objects.filter(username=options["username"]).first()
        if account is None:
            raise CommandError(f"There is no account {options['username']}.")
        services.set_open(account=account, is_open=options["reopen"])
        self.stdout.write(f"{account.username}: {'open again' if options['reopen'] else 'closed'}")
