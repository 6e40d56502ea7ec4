"""`manage.py load_evidence KIND FILE`: load a source's evidence from a file."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts.authority import holds
from accounts.models import Account, Role
from healthcode.evidence.lines import FORMS
from healthcode.evidence.ndjson import NumberedLine, read
from healthcode.sources.evidence import EvidenceReport, report_evidence
from healthcode.sources.serializers import notice_answer

# Each batch is one transaction, large enough that the cost of the transaction does not matter.
LINES_A_BATCH: Final = 5000


class Command(BaseCommand):
    """Loads a file of any length in batches. Repeating is harmless if the lines have references."""

    help = "Load evidence from an NDJSON file with the lines of POST /api/v1/evidence/KIND."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add KIND, FILE and the source account."""
        parser.add_argument("kind", choices=sorted(FORMS))
        parser.add_argument("file", help="path of the file; - is standard input")
        parser.add_argument("--source", required=True, help="user name of the source account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the file; print each refused line to standard error with its problem.

        Raises:
            CommandError: there is no such source or file, or some lines were refused.
        """
        source = _source(options["source"])
        accepted = held = rejected = 0
        with _open(options["file"]) as file:
            for batch in _batches(read(file)):
                report = report_evidence(
                    source=source, kind=options["kind"], lines=batch, at=timezone.now()
                )
                accepted += report.accepted
                held += report.held
                rejected += report.rejected
                self._print_problems(report)
        waiting = f", {held} held for an officer" if held else ""
        self.stdout.write(f"{accepted} lines accepted{waiting}, {rejected} refused.")
        if rejected:
            raise CommandError("Some lines were refused; see above. The others are stored.")

    def _print_problems(self, report: EvidenceReport) -> None:
        for result in report.results:
            if result.problem is not None:
                line = {"line": result.line, "problem": result.problem}
                self.stderr.write(json.dumps(line, cls=DjangoJSONEncoder, ensure_ascii=False))
            elif result.notice is not None:
                noted = {"line": result.line, "notice": notice_answer(result.notice)}
                self.stderr.write(json.dumps(noted, ensure_ascii=False))


def _source(name: str) -> Account:
    account = Account.objects.filter(username=name, is_active=True).first()
    if account is None or not holds(account, Role.SOURCE):
        raise CommandError(
            f"There is no source account named {name!r}. Create it with manage.py add_staff."
        )
    return account


def _open(name: str) -> AbstractContextManager[IO[bytes]]:
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error


def _batches(lines: Iterator[NumberedLine]) -> Iterator[list[NumberedLine]]:
    while batch := list(islice(lines, LINES_A_BATCH)):
        yield batch
