"""`manage.py list_document_signers`: list whose EU certificates count here, and until when."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from healthcode.evidence.models import DocumentSigner
from healthcode.web.days import SHANGHAI


class Command(BaseCommand):
    """Lists the document signers; see docs/howto/eu-certificates.md."""

    help = "List all document signers, with their times in Shanghai and the acts that changed them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the option."""
        parser.add_argument("--country", help="list only the signers of this country, such as DE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each signer."""
        at = timezone.now()
        chosen = {"country": options["country"]} if options["country"] else {}
        rows = DocumentSigner.objects.filter(**chosen)
        self.stdout.write(f"{'':2}  {'key':16}  {'from':16}  {'until':16}  {'added by':10}  now")
        for row in rows.order_by("country", "not_before", "pk"):
            times = "  ".join(
                f"{time.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
                for time in (row.not_before, row.not_after)
            )
            if row.withdrawn_by_id is not None:
                state = f"withdrawn by act {row.withdrawn_by_id}"
            else:
                state = "expired" if row.not_after <= at else "counts"
            kid = bytes(row.kid).hex()
            self.stdout.write(f"{row.country}  {kid}  {times}  act {row.added_by_id:<6}  {state}")
