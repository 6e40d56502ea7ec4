"""`manage.py grant_source NAME --kinds cases --by ADMINISTRATOR`: what a source may report."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.authority import normalise_code
from accounts.models import Account
from healthcode.acts.grounds import add_ground, ground_of
from healthcode.evidence.models import ReportKind
from healthcode.sources.granting import grant_reporting
from healthcode.web.errors import Refusal


class Command(BaseCommand):
    """Grants what a source may report, as an administrator's act; replaces an earlier grant."""

    help = (
        "Say what a source may report, and how many people it may make red in a day by itself. "
        "The ground is published (docs/log.md)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the source, its kinds, its budget, and who grants them."""
        parser.add_argument("source", help="user name of the source account")
        parser.add_argument(
            "--area", default="", help="code of the area (default: the whole country)"
        )
        parser.add_argument("--kinds", required=True, nargs="+", choices=ReportKind.values)
        parser.add_argument(
            "--reddening-lines-a-day",
            type=int,
            help="how many people it may make red in a day before an officer is asked "
            "(default: the figure of the policy)",
        )
        parser.add_argument(
            "--by", required=True, help="user name of the administrator who answers for this"
        )
        add_ground(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Grant, or say why not.

        Raises:
            CommandError: there is no such administrator or source.
        """
        try:
            granted = grant_reporting(
                account=Account.objects.get(username=options["by"], is_active=True),
                source=options["source"],
                area=normalise_code(options["area"]) if options["area"] else "",
                kinds={ReportKind(kind) for kind in options["kinds"]},
                reddening_lines_a_day=options["reddening_lines_a_day"],
                ground=ground_of(options),
                at=timezone.now(),
            )
        except Account.DoesNotExist as error:
            raise CommandError(f"There is no administrator named {options['by']}.") from error
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        within = granted.grant.area or "the whole country"
        self.stdout.write(f"{options['source']}: {', '.join(granted.kinds)} of {within}")
