"""`manage.py load_roster FILE --by ADMINISTRATOR`: load who has which document and telephone."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from accounts.rosters import HASHED, PLAIN, BrokenRoster
from healthcode.administration.commands import AdministrationCommand, administrator
from healthcode.administration.rosters import load_roster


class Command(AdministrationCommand):
    """Load the whole file or nothing. Only keyed hashes are stored."""

    help = (
        "Replace the roster, which accounts.identity_check.RosterCheck asks. The CSV file has the "
        f"columns {', '.join(PLAIN)}; or {', '.join(HASHED)}, with SHA-256 in hexadecimal."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file."""
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="a CSV file in UTF-8 with a header")

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Load the file. Raises CommandError naming the broken line, but nobody in it."""
        path: Path = options["file"]
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                people = load_roster(by=administrator(options), lines=lines, at=at)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except BrokenRoster as broken:
            raise CommandError(f"{broken} Nothing has been loaded.") from broken
        self.stdout.write(f"The roster has {people} people.")
