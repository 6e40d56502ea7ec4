"""`manage.py erase_person NUMBER --officer NAME --ground TEXT`: forget a person for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account, Person, Role
from healthcode.acts.grounds import add_ground, ground_of
from healthcode.evidence.responsibility import answers_for_person
from healthcode.residents.subject_access.erasure import erase
from healthcode.web.errors import Refusal


class Command(BaseCommand):
    """Erase everything about a person. Only the act with the officer's name stays."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", type=int, help="the person's number")
        parser.add_argument("--officer", required=True, help="who is responsible for it")
        add_ground(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Erase the person, and print the number of the act."""
        person = Person.objects.filter(pk=options["person"]).first()
        officer = Account.objects.filter(username=options["officer"]).first()
        if person is None or officer is None:
            raise CommandError("There is no such person." if officer else "No such officer.")
        try:
            answers_for_person(officer, person.home_area)
            act = erase(
                person_id=person.pk,
                account=officer,
                role=Role.OFFICER,
                ground=ground_of(options),
                at=timezone.now(),
            )
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        self.stdout.write(f"Erased, by act {act.pk}.")
