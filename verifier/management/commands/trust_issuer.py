"""`manage.py trust_issuer CN-33 https://…`: recognise an issuer's codes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcode.core import CoreError
from healthcode.web.errors import InvalidInput
from verifier.recognition.fetching import FetchFailed
from verifier.recognition.refresh import refresh_issuer
from verifier.recognition.services import trust_issuer


class Command(BaseCommand):
    """Recognise an issuer and fetch its keys and status lists."""

    help = "Recognise the codes of an issuer, which publishes its keys below a base address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the issuer's name and address, and whether to fetch later."""
        parser.add_argument("name", help="the issuer's name in its codes, such as CN-33")
        parser.add_argument(
            "base_url", help="its address, to which /.well-known/health-code/ is added"
        )
        parser.add_argument(
            "--later", action="store_true", help="do not fetch now; the next refresh does it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Trust the issuer, then fetch its keys and lists unless --later was given."""
        try:
            issuer = trust_issuer(
                name=options["name"], base_url=options["base_url"], at=timezone.now()
            )
        except InvalidInput as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        if not options["later"]:
            try:
                refresh_issuer(issuer, at=timezone.now())
            except (FetchFailed, CoreError) as why:
                raise CommandError(
                    f"{issuer.name} is trusted, but fetching from {issuer.base_url} failed: {why}. "
                    "The service tries again every 15 seconds."
                ) from why
        self.stdout.write(f"{issuer.name} is trusted. Its keys come from {issuer.base_url}.")
