"""`manage.py reseal_vault`: bring every sealed value under the newest of VAULT_KEYS."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts import marks, resealing


class Command(BaseCommand):
    """Seal everything under the first of VAULT_KEYS. Afterwards the older keys can be removed."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=1000, help="rows in one transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal batch by batch and report the progress. The command may be stopped and repeated."""
        done = 0
        for rows in resealing.reseal(batch=options["batch"]):
            done += rows
            self.stdout.write(f"{done} rows resealed")
        marks.forget_older_vault_keys()
        self.stdout.write(f"Done: {done} rows; everything is under the newest key.")
