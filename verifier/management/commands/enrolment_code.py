"""`manage.py enrolment_code 1 "Phone at the west gate"`: a code that enrols one device."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcode.web.days import SHANGHAI
from healthcode.web.errors import Refusal
from verifier.models import Venue
from verifier.venues.services import add_device


class Command(BaseCommand):
    """Add a device to a venue."""

    help = "Add a device to a venue and print the one-time code that enrols it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the venue and the device's label."""
        parser.add_argument("venue", type=int, help="number of the venue")
        parser.add_argument("label", help="a name for the device, such as where it is used")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the code. Nobody can see it again later."""
        venue = Venue.objects.filter(pk=options["venue"]).first()
        if venue is None:
            raise CommandError(f"There is no venue {options['venue']}.")
        try:
            enrolment = add_device(venue=venue, label=options["label"], at=timezone.now())
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        until = enrolment.expires_at.astimezone(SHANGHAI)
        self.stdout.write(f"{enrolment.code} (valid until {until:%Y-%m-%d %H:%M})")
