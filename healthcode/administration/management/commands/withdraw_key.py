"""`manage.py withdraw_key`: stop a key at once because others may know its private half."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError

from healthcode.administration import services
from healthcode.administration.commands import AdministrationCommand, administrator
from healthcode.codes.errors import DoesNotSign
from healthcode.codes.status_lists import editions


class Command(AdministrationCommand):
    """See docs/howto/rotate-keys.md."""

    help = "Withdraw a signing key. From then on, verifiers refuse every code that it signed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument(
            "kid", help="the key's id: 16 hexadecimal digits, as list_keys shows them"
        )

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Withdraw the key, and sign the status lists again with a key that is still in force."""
        try:
            kid = bytes.fromhex(options["kid"])
        except ValueError as error:
            raise CommandError(f"{options['kid']} is not a key id in hexadecimal.") from error
        if not services.withdraw_key(by=administrator(options), kid=kid, at=at):
            raise CommandError(f"No key {options['kid']} is in force; list_keys shows all keys.")
        self.stdout.write(f"Key {kid.hex()} is withdrawn.")
        try:
            editions.publish(at=at)
        except DoesNotSign as error:
            raise CommandError(
                "No key signs now, so the service cannot make codes: run make_signing_key at once."
            ) from error
