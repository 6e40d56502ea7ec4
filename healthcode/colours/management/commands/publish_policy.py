"""`manage.py publish_policy`: publish a policy file."""

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account
from healthcode.acts.grounds import add_ground, ground_of
from healthcode.acts.models import Proposal
from healthcode.acts.waiting import waiting_told
from healthcode.colours.services import publish_policy
from healthcode.core.instants import read_date
from healthcode.web.days import SHANGHAI
from healthcode.web.errors import Refusal
from healthcode.web.texts import read_utf8


class Command(BaseCommand):
    """Reads, checks and publishes a file, or refuses it and lists all its mistakes."""

    help = "Publish the policy in FILE (docs/howto/write-a-policy.md), as an act of an officer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """See `help` of each."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--officer", required=True, help="user name of the officer who answers for it"
        )
        add_ground(parser)
        parser.add_argument(
            "--from",
            dest="holds_from",
            type=read_date,
            help="the day from which it holds, YYYY-MM-DD at 00:00 in Shanghai; default: now",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish, or say what is wrong."""
        at = timezone.now()
        day = options["holds_from"]
        file: Path = options["file"]
        try:
            published = publish_policy(
                account=Account.objects.get(username=options["officer"]),
                text=read_utf8(file.read_bytes()),
                holds_from=datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) if day else at,
                ground=ground_of(options),
                at=at,
                file=file.name,
            )
        except Account.DoesNotExist as error:
            raise CommandError(f"There is no officer named {options['officer']}.") from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{file} is not in UTF-8.") from error
        except Refusal as refusal:
            raise CommandError(_told(refusal)) from refusal
        if isinstance(published, Proposal):
            self.stdout.write(waiting_told(published))
        else:
            since = published.holds_from.isoformat()
            self.stdout.write(f"Version {published.version} holds from {since}.")


def _told(refusal: Refusal) -> str:
    lines = [str(refusal.detail)]
    errors = refusal.members.get("errors")
    for error in errors if isinstance(errors, list) else []:
        position = (error["file"], error["rule"] and f"rule {error['rule']!r}", error["field"])
        lines.append(f"{' '.join(part for part in position if part)}: {error['detail']}")
    return "\n".join(lines)
