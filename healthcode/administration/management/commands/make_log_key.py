"""`manage.py make_log_key --by ADMINISTRATOR`: make the keys of the public log or witness."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError

from healthcode.acts.log import entries, keys
from healthcode.acts.log.errors import LogFault
from healthcode.acts.log_models import KeyUse
from healthcode.administration import services
from healthcode.administration.commands import AdministrationCommand, administrator
from healthcode.core.errors import MalformedKey


class Command(AdministrationCommand):
    """See docs/howto/rotate-keys.md."""

    help = (
        "Make the two keys that sign the public log, Ed25519 and ML-DSA-44. Later keys sign beside "
        "earlier ones. Acts from before the public log get their leaves."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument(
            "--origin",
            default="",
            help="the name of the log; another name than before begins a new log, after a restore",
        )
        parser.add_argument(
            "--witness",
            action="store_true",
            help="make the keys with which this service cosigns the logs of others",
        )

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Make the keys, and print them as those who check the log need them."""
        by = administrator(options)
        use = KeyUse.WITNESS if options["witness"] else KeyUse.LOG
        try:
            made = services.make_log_keys(by=by, origin=options["origin"], use=use, at=at)
        except (LogFault, MalformedKey) as fault:
            raise CommandError(str(fault)) from fault
        for row in made:
            self.stdout.write(str(keys.public_key(row)))
        if use is KeyUse.LOG:
            self._append_older_acts()

    def _append_older_acts(self) -> None:
        older = entries.append_older_acts()
        if older:
            self.stdout.write(f"{older} acts from before the public log got their leaves.")
