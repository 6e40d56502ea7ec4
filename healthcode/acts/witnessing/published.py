"""Choose the checkpoint that the public log publishes, and add its cosignatures."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from healthcode.acts.log.errors import FaultLog, LogFault
from healthcode.acts.log_models import LogCheckpoint
from healthcode.acts.witnessing import files
from healthcode.core.log.notes import parse_signatures
from healthcode.core.log.policies import LogPolicy

_faults: Final = FaultLog(__name__)

PATIENCE: Final = timedelta(minutes=1)
"""How much older than the newest checkpoint the published one may be, to have its cosignatures."""


@dataclass(frozen=True, slots=True)
class PublishedCheckpoint:
    """The size of the log, and the signed note with the cosignatures so far."""

    size: int
    note: bytes


def published_checkpoint() -> PublishedCheckpoint | None:
    """Return the newest checkpoint that enough witnesses have cosigned; None before the first.

    Witnesses need some seconds, and some may not answer. If no checkpoint of the last minute has
    enough cosignatures, return the newest with those that it has.
    """
    newest = LogCheckpoint.objects.order_by("-id").first()
    if newest is None:
        return None
    policy = _policy()
    recent = LogCheckpoint.objects.filter(made_at__gte=newest.made_at - PATIENCE)
    for row in recent.order_by("-id").prefetch_related("cosignatures"):
        lines = cosignatures_of(row, policy)
        if policy.quorum.is_met(lines):
            return _with(row, lines)
    return _with(newest, cosignatures_of(newest, policy))


def cosignatures_of(row: LogCheckpoint, policy: LogPolicy) -> dict[str, str]:
    """Return the lines of a checkpoint by witnesses of the policy, with the keys of today."""
    found = {}
    for one in row.cosignatures.all():
        key = policy.witnesses.get(one.witness)
        if key is not None and all(map(key.made, parse_signatures(one.line))):
            found[one.witness] = one.line
    return found


def _with(row: LogCheckpoint, lines: dict[str, str]) -> PublishedCheckpoint:
    added = "".join(lines[name] for name in sorted(lines))
    return PublishedCheckpoint(row.size, bytes(row.note) + added.encode())


def _policy() -> LogPolicy:
    """Return who cosigns this log. A file that cannot be used is logged, and keeps nothing back."""
    try:
        return files.own_policy()
    except LogFault as fault:
        _faults.say(str(fault))
        return LogPolicy(())
