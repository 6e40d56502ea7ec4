"""`manage.py load_document_signers FILE`: whose EU certificates are believed here."""

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account
from healthcode.evidence import signers
from healthcode.evidence.signers import SignersDifference, SignersError
from healthcode.web.days import day_of
from healthcode.web.errors import Refusal


class Command(BaseCommand):
    """See docs/howto/eu-certificates.md."""

    help = "Take over the document signers in FILE, after showing what that changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """See `help` of each."""
        parser.add_argument("file", type=Path, metavar="FILE", help="certificates in PEM")
        parser.add_argument("--officer", required=True, help="user name of who answers for it")
        parser.add_argument("--ground", required=True, help="why, in a sentence kept for good")
        parser.add_argument("--country", help="FILE is the list of this country alone, such as DE")
        missing = parser.add_mutually_exclusive_group()
        missing.add_argument(
            "--keep-missing", action="store_true", help="those not in FILE go on counting"
        )
        missing.add_argument(
            "--drop-missing", action="store_true", help="those not in FILE are withdrawn"
        )
        parser.add_argument(
            "--restore",
            action="append",
            default=[],
            metavar="KID",
            type=bytes.fromhex,
            help="a withdrawn signer in FILE counts again; may be given several times",
        )
        parser.add_argument("--yes", action="store_true", help="write without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show the difference and write it, or say why not."""
        try:
            self._load(options)
        except Account.DoesNotExist as error:
            raise CommandError(f"There is no officer named {options['officer']}.") from error
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}") from error
        except SignersError as error:
            raise CommandError(str(error)) from error
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal

    def _load(self, options: dict[str, Any]) -> None:
        at = timezone.now()
        account = Account.objects.get(username=options["officer"])
        signers.require_authority(account)
        country, restore = options["country"], options["restore"]
        file = signers.read_file(options["file"].read_bytes(), country=country)
        given = file.signers
        found = signers.difference(given, country=country, restore=restore, at=at)
        drop, keep = options["drop_missing"], options["keep_missing"]
        for sentence in file.left_out:
            self.stdout.write(f"! {sentence}")
        self.stdout.write("\n".join(_told(found, missing="·" if keep else "-")))
        if found.missing and not (drop or keep):
            raise SignersError(
                f"{len(found.missing)} that count now are not in the file. Nothing was written: "
                "say --keep-missing, or --drop-missing to withdraw them."
            )
        if not found.added and not (found.missing and drop):
            return
        if not options["yes"] and not _agreed():
            raise SignersError("Nothing was written; --yes writes without asking.")
        act = signers.change(
            account=account,
            signers=given,
            country=country,
            restore=restore,
            shown=found,
            drop=drop,
            ground=options["ground"],
            at=at,
        )
        self.stdout.write(f"Written as act {act.pk}.")


def _told(found: SignersDifference, *, missing: str) -> Iterator[str]:
    """A line for each signer that changes, and the sums; `missing` marks those not in the file."""
    for signer in found.added:
        usages = ", ".join(sorted(signer.key.usages))
        yield (
            f"+ {signer.country} {signer.kid.hex()} until {day_of(signer.not_after)} for {usages}"
        )
    for row in found.missing:
        kid = bytes(row.kid).hex()
        yield f"{missing} {row.country} {kid} until {day_of(row.not_after)}, not in the file"
    for signer in found.withdrawn:
        yield f"! {signer.country} {signer.kid.hex()} was withdrawn here and stays so"
    if found.over:
        yield f"{found.over} in the file have ended and are left out."
    if not found.added and not found.missing:
        yield "The signers stay as they are."
    else:
        countries = Counter(signer.country for signer in found.added)
        sums = ", ".join(f"{country} {count}" for country, count in sorted(countries.items()))
        yield f"{len(found.added)} new ({sums or 'none'}), {len(found.missing)} not in the file."


def _agreed() -> bool:
    return sys.stdin.isatty() and input("Write this? [y/N] ").strip().lower() in {"y", "yes"}
