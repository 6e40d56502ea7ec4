"""`manage.py make_signing_key`: make the first signing key, or the next one."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError

from healthcode.administration import services
from healthcode.administration.commands import AdministrationCommand, administrator
from healthcode.codes import keys
from healthcode.core.instants import read_instant
from healthcode.web.days import MOST_DAYS, SHANGHAI

DAYS = 90
LEAD = timedelta(hours=1)


class Command(AdministrationCommand):
    """See docs/howto/rotate-keys.md."""

    help = (
        "Make a signing key. The first key signs at once. A key that follows another one starts "
        "an hour later, so that every verifier has fetched it by then."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument("--days", type=int, default=DAYS, help="for how many days it signs")
        parser.add_argument("--starts", help="when it starts to sign: RFC 3339, with a time zone")

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Make the key and print its id."""
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days must be from 1 to {MOST_DAYS}.")
        starts = _instant(options["starts"]) if options["starts"] else self._default_start(at)
        signs_for = timedelta(days=options["days"])
        by = administrator(options)
        key = services.make_key(by=by, starts=starts, signs_for=signs_for, at=at)
        begins, ends = (
            f"{time.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for time in (starts, key.signs_until)
        )
        self.stdout.write(f"Key {bytes(key.kid).hex()} signs from {begins} until {ends}.")

    @staticmethod
    def _default_start(at: datetime) -> datetime:
        """Start after all verifiers know the key, but not after the last key stops signing."""
        until = keys.signing_until(at=at)
        return at if until is None else min(at + LEAD, until)


def _instant(text: str) -> datetime:
    try:
        return read_instant(text)
    except ValueError as error:
        raise CommandError(
            f"There is no such time as {text}. Write it like 2026-01-31T12:00:00+08:00."
        ) from error
