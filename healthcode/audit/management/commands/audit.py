"""`manage.py audit`: compare what is stored with what it must follow from, and say what differs."""

import time
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import override

from healthcode.audit.models import Audit
from healthcode.audit.services import begin_audit, go_on
from healthcode.web.errors import Refusal

SECONDS_A_LINE: Final = 2


class Command(BaseCommand):
    """Audits everything at once. It ends with status 1 if it found something."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Audit, and print the progress and each finding."""
        audit = begin_audit(at=timezone.now())
        findings, told = 0, time.monotonic()
        while audit.finished_at is None:
            try:
                found = go_on(audit, at=timezone.now())
            except Refusal as refusal:
                raise CommandError(str(refusal.detail)) from refusal
            findings += len(found)
            for kind, number, line in found:
                which = f"{number}, line {line}" if line else f"{number}"
                with override("en"):
                    self.stdout.write(f"{kind.value} {which}: {kind.label}")
            if time.monotonic() - told > SECONDS_A_LINE:
                told = time.monotonic()
                self.stdout.write(f"{_progress(audit)} checked …")
        if findings:
            raise CommandError(
                f"Of {_progress(audit)}, {findings} contradict what "
                "else is stored. The service computes wrong colours again. Find out who can edit "
                "the database."
            )
        self.stdout.write(f"{_progress(audit)} checked. All is right.")


def _progress(audit: Audit) -> str:
    return f"{audit.checked} people, {audit.lines} lines and {audit.leaves} leaves"
