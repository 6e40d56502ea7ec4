"""`manage.py add_partner cn-32 --keys keys.json --scope sandbox`: register a partner's system."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcode.web.errors import Refusal
from verifier.partners import services as partners


class Command(BaseCommand):
    """Register a partner's system. For a known name, change its keys, scopes and quota."""

    help = "Register a partner's system. For a known name, replace its keys, scopes and quota."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the partner's name, keys, scopes, quota and contact."""
        parser.add_argument(
            "name", help="the partner's name, which its assertions state as iss and sub"
        )
        parser.add_argument(
            "--keys", required=True, type=Path, help="file with its public keys (JWK set)"
        )
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            choices=partners.SCOPES,
            help="what it may use; repeat for both",
        )
        parser.add_argument(
            "--codes-per-minute",
            type=int,
            default=partners.CODES_PER_MINUTE,
            help="its quota; default %(default)s",
        )
        parser.add_argument("--contact", default="", help="whom to call about this partner")

    def handle(self, *args: Any, **options: Any) -> None:
        """Register the partner, or fail with the reason."""
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
