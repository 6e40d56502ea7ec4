"""`manage.py withdraw_key`: stop a key at once, when its private half may be known to others."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from healthcode.codes import keys
from healthcode.codes.errors import DoesNotSign
from healthcode.codes.status_lists import editions


class Command(BaseCommand):
    """See docs/howto/rotate-keys.md."""

    help = "Withdraw a signing key: every code that it signed is refused from then on."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("kid", help="16 hexadecimal digits, as list_keys shows them")

    def handle(self, *args: Any, **options: Any) -> None:
        """Withdraw it, and sign the status lists anew with a key that still counts."""
        at = timezone.now()
        try:
            kid = bytes.fromhex(options["kid"])
        except ValueError as error:
            raise CommandError(f"{options['kid']} is not a key's name in hexadecimal.") from error
        if not keys.withdraw_key(kid=kid, at=at):
            raise CommandError(f"There is no key {options['kid']} in force; see list_keys.")
        self.stdout.write(f"Key {kid.hex()} is withdrawn.")
        try:
            editions.publish(at=at)
        except DoesNotSign as error:
            raise CommandError(
                "No key signs now, so no code can be made: run make_signing_key at once."
            ) from error
