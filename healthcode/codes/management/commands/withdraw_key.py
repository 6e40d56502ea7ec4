"""`manage.py withdraw_key`: stop a key at once because others may know its private half."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from healthcode.codes import keys
from healthcode.codes.errors import DoesNotSign
from healthcode.codes.status_lists import editions


class Command(BaseCommand):
    """See docs/howto/rotate-keys.md."""

    help = "Withdraw a signing key. From then on, verifiers refuse every code that it signed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "kid", help="the key's id: 16 hexadecimal digits, as list_keys shows them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Withdraw the key, and sign the status lists again with a key that is still in force."""
        at = timezone.now()
        try:
            kid = bytes.fromhex(options["kid"])
        except ValueError as error:
            raise CommandError(f"{options['kid']} is not a key id in hexadecimal.") from error
        if not keys.withdraw_key(kid=kid, at=at):
            raise CommandError(f"No key {options['kid']} is in force; list_keys shows all keys.")
        self.stdout.write(f"Key {kid.hex()} is withdrawn.")
        try:
            editions.publish(at=at)
        except DoesNotSign as error:
            raise CommandError(
                "No key signs now, so the service cannot make codes: run make_signing_key at once."
            ) from error
