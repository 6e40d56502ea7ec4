"""`manage.py withdraw_document_signer KID`: stop trusting a signer of EU certificates."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account
from healthcode.acts.grounds import add_ground, ground_of
from healthcode.acts.models import Proposal
from healthcode.acts.waiting import waiting_told
from healthcode.officers.certificates.services import withdraw_signer
from healthcode.web.errors import Refusal


class Command(BaseCommand):
    """Withdraws a document signer; see docs/howto/eu-certificates.md."""

    help = "Stop trusting a document signer, for example because its key may have leaked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add KID and the options."""
        parser.add_argument(
            "kid",
            type=bytes.fromhex,
            help="16 hexadecimal digits, as list_document_signers shows them",
        )
        parser.add_argument(
            "--officer", required=True, help="user name of the officer who answers for this"
        )
        add_ground(parser)
        parser.add_argument(
            "--with-evidence",
            action="store_true",
            help="also withdraw all evidence from its certificates; colours are recomputed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Withdraw the signer.

        Raises:
            CommandError: there is no such officer or signer, or the officer may not do this.
        """
        try:
            stopped = withdraw_signer(
                account=Account.objects.get(username=options["officer"]),
                kid=options["kid"],
                with_evidence=options["with_evidence"],
                ground=ground_of(options),
                at=timezone.now(),
            )
        except Account.DoesNotExist as error:
            raise CommandError(f"There is no officer named {options['officer']}.") from error
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        if isinstance(stopped, Proposal):
            self.stdout.write(waiting_told(stopped))
            return
        self.stdout.write(f"Signer {options['kid'].hex()} is no longer trusted.")
        if stopped.recomputation is not None:
            run = stopped.recomputation.pk
            self.stdout.write(
                f"{stopped.facts} facts withdrawn; recomputation {run} updates the colours."
            )
