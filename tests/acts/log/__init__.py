"""What tests of the public log in the database share."""

from datetime import datetime

from django.db import connection

from accounts.models import Account
from healthcode.acts.log import keys, sequencer
from healthcode.acts.log.entries import append_leaf
from healthcode.acts.log_models import LogCheckpoint
from healthcode.acts.models import LogLeaf
from healthcode.core.log.checkpoints import SeenCheckpoint, open_checkpoint
from healthcode.core.log.policies import LogPolicy
from tests import owner
from tests.acts import act_of

DIGEST = "5" * 64


def record_acts(officer: Account, number: int, *, at: datetime) -> None:
    for _ in range(number):
        act_of(officer, at=at)


def append_batches(number: int, *, at: datetime) -> None:
    """Append leaves that are no acts, after those that are there."""
    last = LogLeaf.objects.filter(kind="batch").count()
    for each in range(last + 1, last + number + 1):
        append_leaf(kind="batch", number=each, area="330106", count=7, digest=DIGEST, at=at)


def extend(*, at: datetime) -> int:
    """Extend the log until no leaf waits, and raise what is wrong."""
    extended = 0
    while added := sequencer.extend(at=at):
        extended += added
    return extended


def as_owner(table: str, statement: str, *values: object) -> None:
    """Change a table without its triggers, which only its owner can."""
    with owner.as_owner(), connection.cursor() as cursor:
        # PostgreSQL alters no table whose foreign keys are still to be checked.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def policy() -> LogPolicy:
    return LogPolicy(tuple(keys.published_keys()))


def newest(*, at: datetime) -> SeenCheckpoint:
    """Open the newest checkpoint as a stranger would."""
    row = LogCheckpoint.objects.latest("id")
    return open_checkpoint(bytes(row.note), policy(), int(at.timestamp()))
