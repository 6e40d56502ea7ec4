"""`manage.py export_person NUMBER --officer NAME`: everything known of a person, as JSON."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account, Person
from healthcode.acts.grounds import add_ground, ground_of
from healthcode.residents.subject_access.export import export_at_desk
from healthcode.web.errors import Refusal


class Command(BaseCommand):
    """For a person who asks at a service desk. The person sees that an officer had the file."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", type=int, help="the person's number")
        parser.add_argument("--officer", required=True, help="who is responsible for it")
        add_ground(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the file, or say why not."""
        officer = Account.objects.filter(username=options["officer"]).first()
        if officer is None:
            raise CommandError("No such officer.")
        try:
            known = export_at_desk(
                person_id=options["person"],
                account=officer,
                ground=ground_of(options),
                at=timezone.now(),
            )
        except Person.DoesNotExist as missing:
            raise CommandError("There is no such person.") from missing
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        self.stdout.write(json.dumps(known, ensure_ascii=False, indent=2))
