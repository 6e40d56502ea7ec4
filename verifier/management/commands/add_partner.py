"""`manage.py add_partner cn-32 --keys keys.json --scope sandbox`: let a partner's machine in."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcode.web.errors import Refusal
from verifier.partners import services as partners


class Command(BaseCommand):
    """Registers a partner, or changes its keys, scopes and quota."""

    help = "Let a partner's machine in, or change what it may do; both by the same command."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, with which keys, what for and how much."""
        parser.add_argument("name", help="what its assertions say as iss and sub")
        parser.add_argument("--keys", required=True, type=Path, help="its public keys, a JWK set")
        parser.add_argument("--scope", action="append", required=True, choices=partners.SCOPES)
        parser.add_argument("--codes-per-minute", type=int, default=partners.CODES_PER_MINUTE)
        parser.add_argument("--contact", default="", help="whom to call")

    def handle(self, *args: Any, **options: Any) -> None:
        """Register it, or say why not."""
        try:
            partner = partners.register(
                name=options["name"],
                keys=options["keys"].read_bytes(),
                scopes=options["scope"],
                codes_per_minute=options["codes_per_minute"],
                contact=options["contact"],
                at=timezone.now(),
            )
        except OSError as missing:
            raise CommandError(
                f"{options['keys']} cannot be read: {missing.strerror}."
            ) from missing
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        self.stdout.write(
            f"{options['name']} may use: {partner.scopes}; "
            f"{partner.codes_per_minute} codes a minute; {len(partner.keys['keys'])} keys"
        )
