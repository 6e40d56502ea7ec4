"""`manage.py add_venue "West gate" 330102 manager`: add a venue."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account
from healthcode.core import Outcome
from healthcode.web.errors import Refusal
from verifier.models import VenueKind
from verifier.venues.services import create_venue


class Command(BaseCommand):
    """Add a venue for a manager."""

    help = "Add a venue for a venue manager and print the venue's number."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare name, area, manager, kind, and what a yellow code means."""
        parser.add_argument("name")
        parser.add_argument("area", help="GB/T 2260 code of its division, such as 330102")
        parser.add_argument("manager", help="username of the manager")
        parser.add_argument("--kind", choices=VenueKind.values, default=VenueKind.OTHER.value)
        parser.add_argument("--yellow", choices=["caution", "refuse"], default="caution")

    def handle(self, *args: Any, **options: Any) -> None:
        """Add the venue, or fail with the reason."""
        manager = Account.objects.filter(username=options["manager"]).first()
        if manager is None:
            raise CommandError(f"There is no account named {options['manager']}.")
        try:
            venue = create_venue(
                manager=manager,
                name=options["name"],
                area=options["area"],
                yellow=Outcome(options["yellow"]),
                kind=VenueKind(options["kind"]),
                at=timezone.now(),
            )
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        self.stdout.write(f"Venue {venue.pk} has been added.")
