"""`manage.py load_divisions`: load the register of divisions into the database."""

from typing import Any

from django.core.management.base import BaseCommand

from healthcode.areas.models import Area
from healthcode.areas.register import register
from healthcode.areas.services import load_divisions


class Command(BaseCommand):
    """Loads `data/divisions.csv` into the table of areas; repeating is harmless."""

    help = "Load all administrative divisions of China, past and present, into the database."

    def handle(self, *args: Any, **options: Any) -> None:
        """Insert or update all divisions in one statement."""
        divisions = [
            Area(code=code, name=division.name, begins=division.begins, ends=division.ends)
            for code, division in register().items()
        ]
        changed = load_divisions(divisions)
        if options["verbosity"]:
            self.stdout.write(
                f"{len(divisions)} divisions loaded, {changed} of them new or changed."
            )
