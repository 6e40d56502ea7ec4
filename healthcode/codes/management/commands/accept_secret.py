"""`manage.py accept_secret SECRET_KEY`: take a new secret for the one of this database."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import marks
from healthcode.codes import keys


class Command(BaseCommand):
    """See docs/howto/rotate-keys.md: what each of these secrets ends when it changes."""

    help = "Let processes start with a new SECRET_KEY or STATUS_INDEX_KEY; run it with the new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which of the two; all others are never replaced, or have rotations of their own."""
        parser.add_argument("setting", choices=["SECRET_KEY", "STATUS_INDEX_KEY"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Note the secret that this process is given."""
        name = options["setting"]
        if not getattr(settings, name):
            raise CommandError(f"{name} is not set: run this with the new one.")
        if name == "STATUS_INDEX_KEY" and keys.published_keys(at=timezone.now()):
            raise CommandError(
                "The bits of all living codes would move to other places, and superseded codes "
                "pass: first withdraw every key that list_keys shows (withdraw_key)."
            )
        marks.replace_mark(name)
        self.stdout.write(f"Restart every process with this {name}; none starts with the old one.")
