"""`manage.py end_service --people N --officer NAME --ground TEXT`: delete all people's data."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account, Person
from healthcode.acts.grounds import add_ground, ground_of
from healthcode.residents.subject_access.sunset import end_service
from healthcode.web.errors import Refusal


class Command(BaseCommand):
    """End the service for good. Acts, maps and policies stay; everything about people goes."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, required=True, help="how many are registered")
        parser.add_argument(
            "--officer", required=True, help="one who answers for the whole province"
        )
        add_ground(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete everything, and print the number of the act. A wrong number of people stops it."""
        officer = Account.objects.filter(username=options["officer"]).first()
        if officer is None:
            raise CommandError("No such officer.")
        registered = Person.objects.filter(is_waiting=False).count()
        if options["people"] != registered:
            raise CommandError(
                f"{registered} people are registered. Nothing brings their data back. To delete it,"
                f" repeat the command with --people {registered}."
            )
        try:
            act = end_service(account=officer, ground=ground_of(options), at=timezone.now())
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        self.stdout.write(f"Ended, by act {act.pk}.")
