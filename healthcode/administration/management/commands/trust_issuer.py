"""`manage.py trust_issuer CN-33 https://… --by ADMINISTRATOR`: recognise an issuer's codes."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError

from healthcode.administration import services
from healthcode.administration.commands import AdministrationCommand, administrator
from healthcode.core import CoreError
from verifier.recognition.fetching import FetchFailed
from verifier.recognition.refresh import refresh_issuer


class Command(AdministrationCommand):
    """Recognise an issuer and fetch its keys and status lists."""

    help = "Recognise the codes of an issuer, which publishes its keys below a base address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the issuer's name and address, and whether to fetch later."""
        super().add_arguments(parser)
        parser.add_argument("name", help="the issuer's name in its codes, such as CN-33")
        parser.add_argument(
            "base_url", help="its address, to which /.well-known/health-code/ is added"
        )
        parser.add_argument(
            "--later", action="store_true", help="do not fetch now; the next refresh does it"
        )

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Trust the issuer, then fetch its keys and lists unless --later was given."""
        issuer = services.trust_issuer(
            by=administrator(options), name=options["name"], base_url=options["base_url"], at=at
        )
        if not options["later"]:
            try:
                refresh_issuer(issuer, at=at)
            except (FetchFailed, CoreError) as why:
                raise CommandError(
                    f"{issuer.name} is trusted, but fetching from {issuer.base_url} failed: {why}. "
                    "The service tries again every 15 seconds."
                ) from why
        self.stdout.write(f"{issuer.name} is trusted. Its keys come from {issuer.base_url}.")
