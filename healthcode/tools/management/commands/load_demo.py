"""`manage.py load_demo --out var/demo.json`: load the demo province once and write its logins."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcode.tools.demo import logins, province
from healthcode.tools.demo.logins import ADMINISTRATOR, SECOND_OFFICER
from healthcode.tools.demo.places import NoSuchDemo, here
from healthcode.web.files import write_private


class Command(BaseCommand):
    """Loads the demo. If it is loaded already, the command only updates the address."""

    help = "Load the demo province into an empty database. DEMO must be set."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the option for the file of tokens."""
        parser.add_argument("--out", required=True, type=Path, help="the file for tokens (JSON)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is missing, and write files that only their owner may read."""
        if not settings.DEMO:
            raise CommandError("Set DEMO=1: a real service must not contain invented people.")
        try:
            here()
        except NoSuchDemo as error:
            raise CommandError(str(error)) from error
        at = timezone.now()
        if not province.is_loaded():
            province.load(at=at, say=self._say)
            province.decide_colours(say=self._say)
        province.open_doors(at=at)
        province.open_log(at=at)
        out: Path = options["out"]
        if out.exists():
            entrance = json.loads(out.read_text())
            # Version 1.0.0 made no administrator and no second officer, and asked for no document.
            if "administrator" not in entrance:
                entrance["administrator"] = logins.administrators_token(at=at)
                self._add_passwords(out, logins.set_passwords(at=at, names=[ADMINISTRATOR]))
            if "officer2" not in entrance:
                self._add_passwords(out, logins.set_passwords(at=at, names=[SECOND_OFFICER]))
                entrance["officer2"] = logins.second_officers_token(at=at)
            if "document_last4" not in entrance["resident"]:
                entrance["resident"]["document_last4"] = logins.residents_last4()
            logins.renew_staff_tokens(entrance, at=at)
        else:
            entrance = logins.issue_tokens(at=at)
            self._add_passwords(out, logins.set_passwords(at=at))
        entrance = {"base_url": "", **entrance} | {"base_url": settings.BASE_URL}
        write_private(out, json.dumps(entrance, indent=2, ensure_ascii=False))

    def _add_passwords(self, out: Path, passwords: Mapping[str, str]) -> None:
        file = out.with_name("passwords.json")
        known = json.loads(file.read_text()) if file.exists() else {}
        write_private(file, json.dumps({**known, **passwords}, indent=2))

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
