"""Ask the witnesses of LOG_POLICY to cosign the newest checkpoint of the public log.

A witness that does not answer is asked again after growing pauses. Those that answer come first, so
that it delays no other.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from healthcode.acts.log import keys, tree
from healthcode.acts.log.errors import FaultLog, LogFault
from healthcode.acts.log_models import (
    AskedWitness,
    LogCheckpoint,
    LogCosignature,
)
from healthcode.acts.witnessing import files
from healthcode.acts.witnessing.published import cosignatures_of
from healthcode.acts.witnessing.sending import WitnessAnswer, WitnessFailed, post
from healthcode.acts.witnessing.services import SPLIT_VIEWS
from healthcode.core.errors import CoreError
from healthcode.core.log.checkpoints import open_checkpoint, read_size
from healthcode.core.log.merkle import consistency_proof
from healthcode.core.log.notes import NoteKey, parse_signatures
from healthcode.core.log.policies import LogPolicy
from healthcode.core.log.witness import SIZE_TYPE, AddCheckpoint, encode_request

logger = logging.getLogger(__name__)
_faults: Final = FaultLog(__name__)

CLAIMED_FOR: Final = timedelta(seconds=30)
"""How long no other worker asks a witness that one asks now."""

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A witness to ask: its address, and its keys by their names in the policy."""

    url: str
    keys: Mapping[str, NoteKey]


def ask_witnesses(*, at: datetime) -> int:
    """Ask each witness whose cosignature the newest checkpoint lacks; return how many cosigned."""
    try:
        policy = files.own_policy()
        newest = tree.newest_checkpoint()
        if newest is None:
            return 0
        return sum(_ask(asked, at) for asked in _lacking(newest, policy))
    except LogFault as fault:
        _faults.say(str(fault))
        return 0


def _lacking(newest: LogCheckpoint, policy: LogPolicy) -> list[_Asked]:
    """Return whom to ask, those first that answered last time."""
    held = cosignatures_of(newest, policy)
    urls = {policy.urls[name] for name in policy.witnesses if name not in held}
    failures = dict(AskedWitness.objects.filter(url__in=urls).values_list("url", "failures"))
    return [
        _Asked(
            url, {name: policy.witnesses[name] for name in policy.urls if policy.urls[name] == url}
        )
        for url in sorted(urls, key=lambda url: (failures.get(url, 0), url))
    ]


def _ask(asked: _Asked, at: datetime) -> bool:
    """Ask one witness; return whether it cosigned."""
    row = _claim(asked.url, at)
    # Read after the claim, so that no other worker has shown the witness a newer one.
    newest = tree.newest_checkpoint()
    if row is None or newest is None:
        return False
    try:
        lines = _genuine(_cosign(row, newest), newest, asked, at)
    except WitnessFailed as failure:
        row.failures += 1
        pause = min(FIRST_PAUSE * 2 ** min(row.failures - 1, 16), LONGEST_PAUSE)
        row.ask_again_at = at + pause
        row.save()
        logger.warning(
            "The witness %s did not cosign the public log: %s. It is asked again in %s seconds.",
            *(asked.url, failure, int(pause.total_seconds())),
        )
        return False
    _store(row, newest, lines, at)
    return True


def _claim(url: str, at: datetime) -> AskedWitness | None:
    """Keep other workers from asking this witness; None if one of them asks, or it is too early."""
    AskedWitness.objects.bulk_create(
        [AskedWitness(url=url, ask_again_at=at)], ignore_conflicts=True
    )
    due = AskedWitness.objects.filter(url=url, ask_again_at__lte=at)
    if not due.update(ask_again_at=at + CLAIMED_FOR):
        return None
    return AskedWitness.objects.get(url=url)


def _cosign(row: AskedWitness, newest: LogCheckpoint) -> str:
    """Return the signature lines of a witness. Raises WitnessFailed."""
    answer = _send(row.url, newest, min(row.size, newest.size))
    if answer.status == 409 and answer.media_type == SIZE_TYPE:
        size = _size_in(answer)
        if size > newest.size:
            _tell_conflict(row.url, size, newest)
        answer = _send(row.url, newest, size)
    if answer.status == 422:
        _tell_conflict(row.url, row.size, newest)
    if answer.status != 200:
        raise WitnessFailed(f"it answered {answer.status}")
    try:
        return answer.body.decode()
    except UnicodeDecodeError as error:
        raise WitnessFailed("its answer is not text") from error


def _send(url: str, newest: LogCheckpoint, old: int) -> WitnessAnswer:
    proof = consistency_proof(old, newest.size, tree.read_tree(newest.size))
    request = AddCheckpoint(old, tuple(proof), bytes(newest.note))
    return post(f"{url}/add-checkpoint", encode_request(request))


def _size_in(answer: WitnessAnswer) -> int:
    try:
        return read_size(answer.body.decode("ascii").removesuffix("\n"))
    except ValueError as error:
        raise WitnessFailed("it answered 409 without a size") from error


def _tell_conflict(url: str, size: int, newest: LogCheckpoint) -> None:
    """Alarm the operator: the witness has seen what is not in this log. Raises WitnessFailed."""
    SPLIT_VIEWS.inc()
    origin = keys.published_keys()[0].name
    logger.error(
        "The public log shows two histories: the witness %s has cosigned a log of the same name "
        "that this one, of %s leaves, does not continue. Somebody has changed the log or has its "
        "keys, or an old backup was restored. Compare %s/%s/checkpoint "
        "(docs/howto/witness-a-log.md).",
        *(url, newest.size, url, hashlib.sha256(origin.encode()).hexdigest()),
    )
    raise WitnessFailed(f"it has cosigned another history of this log, of {size} leaves or more")


def _genuine(text: str, newest: LogCheckpoint, asked: _Asked, at: datetime) -> dict[str, str]:
    """Return the lines of the witness by the names of its keys. Raises WitnessFailed."""
    policy = LogPolicy(tuple(keys.published_keys()), asked.keys)
    try:
        lines = parse_signatures(text)
        seen = open_checkpoint(bytes(newest.note) + text.encode(), policy, int(at.timestamp()))
    except CoreError as error:
        raise WitnessFailed(f"its answer cannot be used: {error}") from error
    if not seen.witnessed:
        raise WitnessFailed("it signed with no key that LOG_POLICY names")
    return {
        name: str(line) for name in seen.witnessed for line in lines if asked.keys[name].made(line)
    }


@transaction.atomic
def _store(
    row: AskedWitness, newest: LogCheckpoint, lines: Mapping[str, str], at: datetime
) -> None:
    LogCosignature.objects.bulk_create(
        (
            LogCosignature(checkpoint=newest, witness=name, line=line, at=at)
            for name, line in lines.items()
        ),
        ignore_conflicts=True,
    )
    row.size, row.failures, row.ask_again_at = newest.size, 0, at
    row.save()
