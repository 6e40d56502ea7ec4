"""Cosign the checkpoints of other logs, each only if it continues the last one."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction
from prometheus_client import Counter

from healthcode.acts.log import keys
from healthcode.acts.log.errors import FaultLog, LogFault
from healthcode.acts.log_models import (
    KeyUse,
    WitnessedCheckpoint,
)
from healthcode.acts.witnessing import files
from healthcode.acts.witnessing.errors import (
    CheckpointNotSigned,
    DoesNotWitness,
    LogNotWitnessed,
    NotACheckpoint,
    NotContinued,
    SplitViewRefused,
)
from healthcode.core.errors import CoreError, NotGenuine, NotTrusted, ProofFails
from healthcode.core.log.checkpoints import Checkpoint, parse_checkpoint
from healthcode.core.log.merkle import EMPTY_ROOT
from healthcode.core.log.notes import parse_note
from healthcode.core.log.policies import LogPolicy
from healthcode.core.log.witness import (
    AddCheckpoint,
    OtherSize,
    SplitView,
    UnknownLog,
    cosign,
    judge,
    note_to_keep,
    parse_request,
)
from healthcode.web.errors import Refusal

logger = logging.getLogger(__name__)

_faults: Final = FaultLog(__name__)
SPLIT_VIEWS: Final = Counter(
    "healthcode_log_split_views",
    "Times that a log, this one or one that this service witnesses, showed two histories.",
)
_REFUSALS: Final[Mapping[type[CoreError], type[Refusal]]] = {
    UnknownLog: LogNotWitnessed,
    NotTrusted: CheckpointNotSigned,
    NotGenuine: CheckpointNotSigned,
    SplitView: SplitViewRefused,
    ProofFails: NotContinued,
}
"""Any other error says that the body cannot be read."""


def add_checkpoint(*, body: bytes, at: datetime) -> str:
    """Cosign the checkpoint in a request of C2SP tlog-witness; return the signature lines.

    Raises:
        OtherSize: the request continues another size than the last that was cosigned.
        Refusal: nothing was cosigned, for one of the reasons in `errors`.
    """
    try:
        request = parse_request(body)
        return _add(request, files.watched_logs(), at)
    except OtherSize:
        raise
    except LogFault as fault:
        _faults.say(str(fault))
        raise DoesNotWitness from fault
    except CoreError as error:
        raise _refusal(error) from error


def _add(request: AddCheckpoint, watched: LogPolicy, at: datetime) -> str:
    origin = parse_checkpoint(parse_note(request.note).text).origin
    if not watched.keys_of(origin):
        raise UnknownLog(f"this witness does not watch the log {origin}")
    try:
        return _go_on(request, origin, watched, at)
    except SplitView:
        _keep_contradiction(request.note, origin, watched)
        raise


@transaction.atomic
def _go_on(request: AddCheckpoint, origin: str, watched: LogPolicy, at: datetime) -> str:
    """Judge, store and cosign in one step, so that no two requests continue the same size."""
    first = WitnessedCheckpoint(origin=origin, size=0, root=EMPTY_ROOT, note=b"", at=at)
    WitnessedCheckpoint.objects.bulk_create([first], ignore_conflicts=True)
    row = WitnessedCheckpoint.objects.select_for_update().get(origin=origin)
    last = Checkpoint(origin, row.size, bytes(row.root))
    seconds = int(at.timestamp())
    seen = judge(request, last=last, watched=watched, at=seconds)
    lines = cosign(request.note, keys.signers(KeyUse.WITNESS), seconds)
    row.size, row.root, row.at = seen.size, seen.root, at
    row.note = note_to_keep(request.note, watched, lines)
    row.save()
    return "".join(map(str, lines))


def _keep_contradiction(note: bytes, origin: str, watched: LogPolicy) -> None:
    """Keep the checkpoint that proves the split view, beside the one that was cosigned."""
    SPLIT_VIEWS.inc()
    kept = note_to_keep(note, watched, ())
    WitnessedCheckpoint.objects.filter(origin=origin).update(contradiction=kept)
    logger.error(
        "The log %s shows two histories: it has signed two checkpoints of the same size with "
        "different roots. The table acts_witnessedcheckpoint keeps both as a proof. Tell the "
        "operator of the log, and everybody who checks it (docs/howto/witness-a-log.md).",
        origin,
    )


def _refusal(error: CoreError) -> Refusal:
    kinds = (kind for kind in type(error).__mro__ if kind in _REFUSALS)
    return _REFUSALS.get(next(kinds, CoreError), NotACheckpoint)()
