"""`manage.py enrolment_code 1 "Phone at the west gate"`: a code that enrols one device."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError

from healthcode.administration import services
from healthcode.administration.commands import AdministrationCommand, administrator
from healthcode.web.days import SHANGHAI
from verifier.models import Venue


class Command(AdministrationCommand):
    """Add a device to a venue."""

    help = "Add a device to a venue and print the one-time code that enrols it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the venue and the device's label."""
        super().add_arguments(parser)
        parser.add_argument("venue", type=int, help="number of the venue")
        parser.add_argument("label", help="a name for the device, such as where it is used")

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Print the code. Nobody can see it again later."""
        venue = Venue.objects.filter(pk=options["venue"]).first()
        if venue is None:
            raise CommandError(f"There is no venue {options['venue']}.")
        by = administrator(options)
        enrolment = services.add_device(by=by, venue=venue, label=options["label"], at=at)
        until = enrolment.expires_at.astimezone(SHANGHAI)
        self.stdout.write(f"{enrolment.code} (valid until {until:%Y-%m-%d %H:%M})")
