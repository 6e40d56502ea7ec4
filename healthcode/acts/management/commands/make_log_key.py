"""`manage.py make_log_key`: make the keys that sign the public log."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from healthcode.acts.log import entries, keys
from healthcode.acts.log.errors import LogFault
from healthcode.core.errors import MalformedKey


class Command(BaseCommand):
    """See docs/howto/rotate-keys.md."""

    help = (
        "Make the two keys that sign the public log, Ed25519 and ML-DSA-44. Later keys sign beside "
        "earlier ones. Acts from before the public log get their leaves."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--origin",
            default="",
            help="the name of the log; another name than before begins a new log, after a restore",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the keys, and print them as those who check the log need them."""
        try:
            made = keys.make_keys(at=timezone.now(), origin=options["origin"])
        except (LogFault, MalformedKey) as fault:
            raise CommandError(str(fault)) from fault
        for row in made:
            self.stdout.write(str(keys.public_key(row)))
        older = entries.append_older_acts()
        if older:
            self.stdout.write(f"{older} acts from before the public log got their leaves.")
