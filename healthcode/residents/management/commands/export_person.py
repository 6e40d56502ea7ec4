"""`manage.py export_person NUMBER`: everything that is known of a person, as JSON."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Person
from healthcode.residents.subject_access.export import export


class Command(BaseCommand):
    """For a person who asks at a service desk and not by phone."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", type=int, help="the person's number")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            known = export(options["person"], at=timezone.now())
        except Person.DoesNotExist as missing:
            raise CommandError("There is no such person.") from missing
        self.stdout.write(json.dumps(known, ensure_ascii=False, indent=2))
