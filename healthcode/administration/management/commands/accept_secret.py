"""`manage.py accept_secret SETTING`: let processes of this database start with a new secret."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from healthcode.acts.log import keys as log_keys
from healthcode.administration import services
from healthcode.administration.administrator import Administrator
from healthcode.administration.commands import AdministrationCommand, administrator
from healthcode.codes import keys


class Command(AdministrationCommand):
    """docs/howto/rotate-keys.md says what stops working when each secret changes."""

    help = (
        "Let processes start with a new SECRET_KEY, STATUS_INDEX_KEY or LOG_KEY_SECRET; set it "
        "before you run this."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take one of three settings. Others are never replaced, or have their own rotation."""
        super().add_arguments(parser)
        parser.add_argument("setting", choices=["SECRET_KEY", "STATUS_INDEX_KEY", "LOG_KEY_SECRET"])

    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Store the mark of the secret with which this process runs."""
        name = options["setting"]
        if not getattr(settings, name):
            raise CommandError(f"{name} is not set: set it to the new value before you run this.")
        by = administrator(options)
        if name == "LOG_KEY_SECRET":
            self._retire_lost_keys(by, at=at)
            return
        if name == "STATUS_INDEX_KEY" and keys.published_keys(at=at):
            raise CommandError(
                "A new STATUS_INDEX_KEY moves the bits of all living codes, so superseded codes "
                "would pass. First withdraw every key that list_keys shows (withdraw_key)."
            )
        services.accept_secret(by=by, setting=name, at=at)
        self.stdout.write(
            f"Restart every process with this {name}. No process starts with the old one now."
        )

    def _retire_lost_keys(self, by: Administrator, *, at: datetime) -> None:
        for key in services.retire_lost_log_keys(by=by, at=at):
            name = log_keys.public_key(key).key_id.hex()
            self.stdout.write(f"The key {name} of the public log is retired.")
        self.stdout.write("Every key of the public log that is left opens with this secret.")
