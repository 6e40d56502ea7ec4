"""`manage.py generate_city`: fill an empty database with invented people."""

import os
import sys
from argparse import ArgumentParser
from datetime import datetime
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcode.core.instants import read_date
from healthcode.tools.synthetic_city import build
from healthcode.web.days import SHANGHAI

_BAR = 30


class Command(BaseCommand):
    """Generates a city. The same seed and day give the same city."""

    help = "Fill an empty database with an invented city. DEMO must be set."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options that say how large the city is, and which city."""
        parser.add_argument("--people", type=int, default=100_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--until",
            type=read_date,
            default=datetime.now(SHANGHAI).date(),
            help="the two weeks of stays end when this day begins (default: today)",
        )
        parser.add_argument("--visits", type=int, default=5, help="visits of a person, on average")
        parser.add_argument(
            "--processes",
            type=int,
            default=os.cpu_count() or 1,
            help="how many processes draw the people",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare and load the city, and print how long it took."""
        if not settings.DEMO:
            raise CommandError("Set DEMO=1: a real service must not contain invented people.")
        began = monotonic()
        try:
            build.prepare(at=timezone.now())
        except build.NotEmpty:
            raise CommandError("This database already contains people; use an empty one.") from None
        plan = build.plan(
            people=options["people"],
            seed=options["seed"],
            until=options["until"],
            visits=options["visits"],
        )
        quiet = options["verbosity"] == 0
        bar = _Bar(self.stderr)
        build.load(plan, processes=options["processes"], progress=_silence if quiet else bar.show)
        if not quiet:
            self.stdout.write(f"{plan.people:,} people in {monotonic() - began:.0f} s.")


class _Bar:
    """Shows a progress bar on a terminal, and elsewhere a line when a step is done."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._terminal = sys.stderr.isatty()

    def show(self, step: str, done: int, total: int) -> None:
        """Draw the progress of `step`."""
        share = done / total if total else 1.0
        if self._terminal:
            full = round(share * _BAR)
            bar = "█" * full + "·" * (_BAR - full)
            end = "\n" if done == total else ""
            self._stream.write(f"\r{step:<8} {bar} {share:4.0%}", ending=end)
            self._stream.flush()
        elif done == total:
            self._stream.write(f"{step} done")


def _silence(step: str, done: int, total: int) -> None:
    """Show no progress."""
