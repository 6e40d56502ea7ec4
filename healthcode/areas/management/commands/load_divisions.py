"""`manage.py load_divisions`: bring the table of divisions up to date."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from healthcode.areas.models import Area
from healthcode.areas.services import load_divisions

DIVISIONS = Path(__file__).resolve().parents[2] / "data" / "divisions.csv"


class Command(BaseCommand):
    """Loads `data/divisions.csv`; harmless to repeat."""

    help = "Load the administrative divisions of the country, past and present."

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the file and bring the table up to date in one statement."""
        with DIVISIONS.open(encoding="utf-8", newline="") as file:
            divisions = [_area(row) for row in csv.DictReader(file)]
        changed = load_divisions(divisions)
        if options["verbosity"]:
            self.stdout.write(f"{len(divisions)} divisions, {changed} of them new or changed.")


def _area(row: dict[str, str]) -> Area:
    return Area(
        code=row["code"],
        name=row["name"],
        begins=date.fromisoformat(row["begins"]) if row["begins"] else None,
        ends=date.fromisoformat(row["ends"]) if row["ends"] else None,
    )
