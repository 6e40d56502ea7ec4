"""`manage.py withdraw_document_signer KID`: believe a signer of EU certificates no more."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account
from healthcode.evidence.signers import SignersError
from healthcode.officers.certificates.services import withdraw_signer
from healthcode.web.errors import Refusal


class Command(BaseCommand):
    """See docs/howto/eu-certificates.md."""

    help = "Withdraw a document signer, as when somebody else may know its key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """See `help` of each."""
        parser.add_argument(
            "kid", type=bytes.fromhex, help="16 hexadecimal digits, as list_document_signers shows"
        )
        parser.add_argument("--officer", required=True, help="user name of who answers for it")
        parser.add_argument("--ground", required=True, help="why, in a sentence kept for good")
        parser.add_argument(
            "--with-evidence",
            action="store_true",
            help="withdraw all that its signatures attested, too; colours follow",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Withdraw it, or say why not."""
        try:
            facts, recomputation = withdraw_signer(
                account=Account.objects.get(username=options["officer"]),
                kid=options["kid"],
                with_evidence=options["with_evidence"],
                ground=options["ground"],
                at=timezone.now(),
            )
        except Account.DoesNotExist as error:
            raise CommandError(f"There is no officer named {options['officer']}.") from error
        except SignersError as error:
            raise CommandError(str(error)) from error
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        self.stdout.write(f"Signer {options['kid'].hex()} counts no more.")
        if recomputation is not None:
            self.stdout.write(f"{facts} facts fell; recomputation {recomputation.pk} follows.")
