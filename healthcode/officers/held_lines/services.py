"""Confirm or reject the held lines of a source, each as an officer's act."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid
from accounts.models import Account, Role
from healthcode.acts.effects import NO_EFFECT, Effect
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.colours.decide_many import foresee
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import request
from healthcode.evidence.bits import ranges
from healthcode.evidence.errors import LinesChanged
from healthcode.evidence.held import fact_of
from healthcode.evidence.models import HeldLine
from healthcode.evidence.services import Recorded, record
from healthcode.officers.held_lines.selectors import WaitingLines, waiting_lines


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An act that confirmed lines: how many there were, and how many of them were new.

    `recomputation` is None if none was new.
    """

    act: Act
    lines: int
    recorded: int
    recomputation: Recomputation | None


def preview_lines(waiting: WaitingLines, *, at: datetime) -> Effect:
    """Return what confirming all these lines would do to people's colours. It writes nothing."""
    return foresee(lambda: _record(waiting, waiting.lines, at).people, at=at)


@transaction.atomic
def confirm_lines(
    *,
    account: Account,
    batch_id: int,
    lines: Collection[int] | None,
    fingerprint: str,
    ground: Ground,
    at: datetime,
) -> Confirmation:
    """Make held lines evidence, as if the source's grant had covered them.

    A line whose reference stands for another fact by now, or was stored meanwhile, cannot be
    evidence. It stays, and has no effect for good.

    Args:
        lines: the numbers of the lines; None means all for which the officer answers.
        fingerprint: of the lines as the officer saw them (`WaitingLines.fingerprint`).

    Raises:
        NotFound, OutsideYourArea: see `waiting_lines`.
        InvalidInput: a line does not wait for this officer.
        LinesChanged: other lines wait by now than those that the officer saw.
    """
    waiting = waiting_lines(account, batch_id, lock=True)
    if fingerprint != waiting.fingerprint:
        raise LinesChanged
    chosen = _chosen(waiting, lines)
    effect = foresee(lambda: _record(waiting, chosen, at).people, at=at)
    act = _act(account, ActKind.HELD_LINES_CONFIRMED, waiting, chosen, ground, at, effect)
    recorded = _record(waiting, chosen, at)
    _settle(chosen, recorded, act)
    recomputation = None
    if recorded.people:
        recomputation = request(cause=Cause.EVIDENCE, act=act, people=sorted(recorded.people))
    return Confirmation(act, len(chosen), recorded.new, recomputation)


@transaction.atomic
def reject_lines(
    *,
    account: Account,
    batch_id: int,
    lines: Collection[int] | None,
    fingerprint: str,
    ground: Ground,
    at: datetime,
) -> Act:
    """Let held lines have no effect for good. The source can send them again, to no avail.

    Args:
        lines, fingerprint: as for `confirm_lines`.

    Raises:
        NotFound, OutsideYourArea, InvalidInput, LinesChanged: as `confirm_lines`.
    """
    waiting = waiting_lines(account, batch_id, lock=True)
    if fingerprint != waiting.fingerprint:
        raise LinesChanged
    chosen = _chosen(waiting, lines)
    act = _act(account, ActKind.HELD_LINES_REJECTED, waiting, chosen, ground, at, NO_EFFECT)
    HeldLine.objects.filter(pk__in=[line.pk for line in chosen]).update(rejected_by=act)
    return act


def _chosen(waiting: WaitingLines, lines: Collection[int] | None) -> Sequence[HeldLine]:
    if lines is None:
        return waiting.lines
    by_number = {line.line: line for line in waiting.lines}
    if not lines:
        raise invalid("/lines", _("Choose at least one line."))
    if not set(lines) <= by_number.keys():
        raise invalid("/lines", _("A line that you chose does not wait any more. Look again."))
    return [by_number[number] for number in sorted(set(lines))]


def _settle(chosen: Sequence[HeldLine], recorded: Recorded, act: Act) -> None:
    """Delete the lines that have become evidence, and mark all others as decided by the act."""
    brought = [line.pk for n, line in enumerate(chosen) if n in recorded.digests]
    HeldLine.objects.filter(pk__in=brought).delete()
    HeldLine.objects.filter(pk__in=[line.pk for line in chosen], rejected_by=None).update(
        rejected_by=act
    )


def _record(waiting: WaitingLines, lines: Sequence[HeldLine], at: datetime) -> Recorded:
    batch = waiting.batch
    facts = [fact_of(line) for line in lines]
    return record(source=batch.source, facts=facts, at=at, batch=batch.pk)


def _act(
    account: Account,
    kind: ActKind,
    waiting: WaitingLines,
    lines: Sequence[HeldLine],
    ground: Ground,
    at: datetime,
    effect: Effect,
) -> Act:
    area, *others = waiting.areas
    return record_act(
        account=account,
        role=Role.OFFICER,
        kind=kind,
        area=area,
        ground=ground,
        detail={
            "batch": waiting.batch.pk,
            "source": waiting.batch.source_id,
            "kind": waiting.batch.kind,
            "lines": len(lines),
            "numbers": ranges(line.line for line in lines),
        },
        at=at,
        effect=effect,
        touched={*others, *(line.person.home_area[:6] for line in lines)},
    )
