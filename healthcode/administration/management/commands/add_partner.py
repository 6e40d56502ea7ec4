"""`manage.py add_partner cn-32 --keys keys.json --scope sandbox`: register a partner's system."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from healthcode.administration import services
from healthcode.administration.commands import AdministrationCommand, administrator
from verifier.partners.services import CODES_PER_MINUTE, SCOPES


class Command(AdministrationCommand):
    """Register a partner's system. For a known name, change its keys, scopes and quota."""

    help = (
        "Register a partner's system. For a known name, replace its keys, scopes and quota. "
        "The ground is published (docs/log.md)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the partner's name, keys, scopes, quota and contact."""
        super().add_arguments(parser)
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
            choices=SCOPES,
            help="what it may use; repeat for both",
        )
        parser.add_argument(
            "--codes-per-minute",
            type=int,
            default=CODES_PER_MINUTE,
            help="its quota; default %(default)s",
        )
        parser.add_argument("--contact", default="", help="whom to call about this partner")

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Register the partner, or fail with the reason."""
        try:
            keys = options["keys"].read_bytes()
        except OSError as missing:
            raise CommandError(
                f"{options['keys']} cannot be read: {missing.strerror}."
            ) from missing
        terms = services.PartnerTerms(
            options["name"], keys, options["scope"], options["codes_per_minute"], options["contact"]
        )
        partner = services.add_partner(by=administrator(options), terms=terms, at=at)
        self.stdout.write(
            f"{options['name']} may use: {partner.scopes}; "
            f"{partner.codes_per_minute} codes a minute; {len(partner.keys['keys'])} keys"
        )
