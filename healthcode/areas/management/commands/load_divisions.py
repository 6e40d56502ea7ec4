"""`manage.py load_divisions`: bring the table of divisions up to date."""

from typing import Any

from django.core.management.base import BaseCommand

from healthcode.areas.models import Area
from healthcode.areas.register import register
from healthcode.areas.services import load_divisions


class Command(BaseCommand):
    """Loads `data/divisions.csv`; harmless to repeat."""

    help = "Load the administrative divisions of the country, past and present."

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring the table up to date in one statement."""
        divisions = [
            Area(code=code, name=division.name, begins=division.begins, ends=division.ends)
            for code, division in register().items()
        ]
        changed = load_divisions(divisions)
        if options["verbosity"]:
            self.stdout.write(f"{len(divisions)} divisions, {changed} of them new or changed.")
