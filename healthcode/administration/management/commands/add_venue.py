"""`manage.py add_venue "West gate" 330102 manager --by ADMINISTRATOR`: add a venue."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from healthcode.administration import services
from healthcode.administration.commands import (
    AdministrationCommand,
    account_named,
    administrator,
)
from healthcode.core import Outcome
from verifier.models import VenueKind


class Command(AdministrationCommand):
    """Add a venue for a manager."""

    help = "Add a venue for a venue manager and print the venue's number."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare name, area, manager, kind, and what a yellow code means."""
        super().add_arguments(parser)
        parser.add_argument("name")
        parser.add_argument("area", help="GB/T 2260 code of its division, such as 330102")
        parser.add_argument("manager", help="username of the manager")
        parser.add_argument("--kind", choices=VenueKind.values, default=VenueKind.OTHER.value)
        parser.add_argument("--yellow", choices=["caution", "refuse"], default="caution")

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Add the venue, or fail with the reason."""
        new = services.NewVenue(
            manager=account_named(options["manager"]),
            name=options["name"],
            area=options["area"],
            yellow=Outcome(options["yellow"]),
            kind=VenueKind(options["kind"]),
        )
        venue = services.add_venue(by=administrator(options), new=new, at=at)
        self.stdout.write(f"Venue {venue.pk} has been added.")
