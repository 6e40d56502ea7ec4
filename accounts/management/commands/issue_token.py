"""`manage.py issue_token NAME --label 'hospital 7'`: a bearer token, printed once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import services
from accounts.models import Account
from healthcode.web.days import MOST_DAYS


class Command(BaseCommand):
    """Issue a token to an account that has a name."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--label", default="", help="what it is for, to tell tokens apart")
        parser.add_argument("--days", type=int, default=90)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token; only its digest is kept."""
        account = Account.objects.filter(username=options["username"], is_active=True).first()
        if account is None:
            raise CommandError(
                f"There is no account {options['username']}; make it with add_staff."
            )
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"A token lasts for some days: from 1 to {MOST_DAYS}.")
        expires_at = timezone.now() + timedelta(days=options["days"])
        self.stdout.write(
            services.issue_token(account=account, label=options["label"], expires_at=expires_at)
        )
