"""`manage.py partner_calls cn-32 --days 7`: list partners' calls and their verdicts."""

from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account, Role
from healthcode.web.days import SHANGHAI, day_of, start_of_day
from verifier.models import PartnerCall
from verifier.partners import selectors
from verifier.partners.services import CALLS_KEPT

_DAY: Final = "{:10}  {:16}  {:7}  {:>7}  {:>9}  {:>9}  {:>9}  {:>9}  {:>7}"
_CALL: Final = "{:19}  {:16}  {:7}  {:>9}  {:>9}  {:>9}  {:>9}  {}"
_COUNTS: Final = ("codes", "pass", "caution", "refuse")


class Command(BaseCommand):
    """List partners' calls (docs/howto/partner-onboarding.md).

    The list cannot name people, because nothing about them is kept.
    """

    help = "List partners' calls: when, about how many codes, and with which verdicts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the partner, the period, and whether to list each call."""
        parser.add_argument(
            "partner", nargs="?", help="name of one partner; all partners if absent"
        )
        parser.add_argument(
            "--days",
            type=int,
            default=7,
            help=f"how many days to list, today included; at most {CALLS_KEPT.days}",
        )
        parser.add_argument(
            "--each", action="store_true", help="list each call instead of sums by day"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line for each day, partner and kind of call, or one line for each call."""
        name, days, now = options["partner"], options["days"], timezone.now()
        if not 1 <= days <= CALLS_KEPT.days:
            raise CommandError(f"Give a number of days from 1 to {CALLS_KEPT.days}.")
        if name and not Account.objects.filter(username=name, grants__role=Role.PARTNER).exists():
            raise CommandError(f"There is no partner {name}.")
        calls = selectors.partner_calls(since=_start(now, days), until=now, partner=name)
        if options["each"]:
            self._each(calls.iterator(chunk_size=1000))
        else:
            self._by_day(selectors.partner_days(calls))

    def _by_day(self, days: Iterable[selectors.PartnerDay]) -> None:
        self._line(_DAY, "day", "partner", "call", "calls", *_COUNTS, "refused")
        for day in days:
            verdicts = (day.passes, day.cautions, day.refusals)
            counts = (day.calls, day.codes, *verdicts, day.refused_calls)
            self._line(_DAY, str(day.day), day.partner, day.call, *counts)

    def _each(self, calls: Iterable[PartnerCall]) -> None:
        self._line(_CALL, "time (Shanghai)", "partner", "call", *_COUNTS, "refused")
        for call in calls:
            at = f"{call.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
            verdicts = [
                "-" if n is None else n for n in (call.passes, call.cautions, call.refusals)
            ]
            name = call.account.username or ""
            self._line(_CALL, at, name, call.call, call.codes, *verdicts, call.refused)

    def _line(self, form: str, *columns: object) -> None:
        self.stdout.write(form.format(*columns).rstrip())


def _start(now: datetime, days: int) -> datetime:
    """Return midnight in Shanghai, so that the list starts with a whole day."""
    return start_of_day(day_of(now) - timedelta(days=days - 1))
