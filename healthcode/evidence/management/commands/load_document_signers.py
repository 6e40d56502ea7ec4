"""`manage.py load_document_signers FILE`: choose whose EU certificates are trusted here."""

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account
from healthcode.acts.grounds import add_ground, ground_of
from healthcode.evidence import signers
from healthcode.evidence.signers import SignersDifference, SignersError
from healthcode.web.days import day_of
from healthcode.web.errors import Refusal


class Command(BaseCommand):
    """Loads a list of document signers; see docs/howto/eu-certificates.md."""

    help = "Trust the document signers in FILE. The command first shows what that changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add FILE and the options."""
        parser.add_argument("file", type=Path, metavar="FILE", help="certificates in PEM")
        parser.add_argument(
            "--officer", required=True, help="user name of the officer who answers for this"
        )
        add_ground(parser)
        parser.add_argument(
            "--country", help="FILE is the complete list of this country only, such as DE"
        )
        missing = parser.add_mutually_exclusive_group()
        missing.add_argument(
            "--keep-missing", action="store_true", help="keep signers that are not in FILE"
        )
        missing.add_argument(
            "--drop-missing", action="store_true", help="withdraw signers that are not in FILE"
        )
        parser.add_argument(
            "--restore",
            action="append",
            default=[],
            metavar="KID",
            type=bytes.fromhex,
            help="trust this withdrawn signer of FILE again; may be given several times",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before writing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show what the file changes, ask, and write it.

        Raises:
            CommandError: there is no such officer, the file cannot be used, or nobody agreed.
        """
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
        self.stdout.write("\n".join(_changes(found, missing="·" if keep else "-")))
        if found.missing and not (drop or keep):
            raise SignersError(
                f"{len(found.missing)} signers that count now are not in the file. Nothing was "
                "written. Choose --keep-missing, or --drop-missing to withdraw them."
            )
        if not found.added and not (found.missing and drop):
            return
        if not options["yes"] and not _confirmed():
            raise SignersError("Nothing was written. With --yes, the command does not ask.")
        act = signers.change(
            account=account,
            signers=given,
            country=country,
            restore=restore,
            shown=found,
            drop=drop,
            ground=ground_of(options),
            at=at,
        )
        self.stdout.write(f"Written as act {act.pk}.")


def _changes(found: SignersDifference, *, missing: str) -> Iterator[str]:
    """Yield a line for each signer that changes, and the sums.

    `missing` is the mark before signers that are not in the file.
    """
    for signer in found.added:
        usages = ", ".join(sorted(signer.key.usages))
        yield (
            f"+ {signer.country} {signer.kid.hex()} until {day_of(signer.not_after)} for {usages}"
        )
    for row in found.missing:
        kid = bytes(row.kid).hex()
        yield f"{missing} {row.country} {kid} until {day_of(row.not_after)}, not in the file"
    for signer in found.withdrawn:
        yield f"! {signer.country} {signer.kid.hex()} was withdrawn here and stays withdrawn"
    if found.expired:
        yield f"{found.expired} in the file have expired and are left out."
    if not found.added and not found.missing:
        yield "No signer changes."
    else:
        countries = Counter(signer.country for signer in found.added)
        sums = ", ".join(f"{country} {count}" for country, count in sorted(countries.items()))
        yield f"{len(found.added)} new ({sums or 'none'}), {len(found.missing)} not in the file."


def _confirmed() -> bool:
    return sys.stdin.isatty() and input("Write this? [y/N] ").strip().lower() in {"y", "yes"}
