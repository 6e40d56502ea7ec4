"""Read the held lines for which an officer answers."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from accounts.errors import OutsideYourArea
from accounts.models import Account
from healthcode.evidence.held import fact_of
from healthcode.evidence.models import HeldLine, SourceBatch
from healthcode.evidence.responsibility import answers_for_line
from healthcode.web.errors import NotFound


@dataclass(frozen=True, slots=True)
class WaitingBatch:
    """A report of a source, and how many of its lines wait for this officer."""

    batch: SourceBatch
    lines: int


@dataclass(frozen=True, slots=True)
class WaitingLines:
    """The lines of a report that wait for this officer, in their order.

    `areas` are the areas by which the officer answers for them.
    """

    batch: SourceBatch
    lines: Sequence[HeldLine]
    areas: Sequence[str]

    @property
    def fingerprint(self) -> str:
        """Return a hash of exactly these lines and what they say."""
        said = [(line.line, line.why, fact_of(line)) for line in self.lines]
        return hashlib.sha256(repr((self.batch.pk, said)).encode()).hexdigest()


def waiting_batches(account: Account) -> list[WaitingBatch]:
    """Return the reports with lines that wait for this officer, oldest first. Two queries."""
    rows = (
        HeldLine.objects.filter(rejected_by=None)
        .values_list("batch", "person__home_area", "area")
        .annotate(lines=Count("pk"))
    )
    counts: Counter[int] = Counter()
    for batch, home, area, lines in rows:
        if answers_for_line(account, home, area) is not None:
            counts[batch] += lines
    batches = SourceBatch.objects.filter(pk__in=counts).defer("digests").select_related("source")
    return [WaitingBatch(batch, counts[batch.pk]) for batch in batches.order_by("pk")]


def waiting_lines(account: Account, batch_id: int, *, lock: bool = False) -> WaitingLines:
    """Return the lines of a report that wait for this officer.

    Args:
        lock: whether nobody else may decide on them until the transaction ends.

    Raises:
        NotFound: no line of this report waits.
        OutsideYourArea: the officer answers for none of them.
    """
    waiting = HeldLine.objects.filter(batch=batch_id, rejected_by=None).order_by("line")
    if lock:
        waiting = waiting.select_for_update(of=("self",))
    every = list(waiting.select_related("person"))
    answering = [
        (line, area)
        for line in every
        if (area := answers_for_line(account, line.person.home_area, line.area_id)) is not None
    ]
    if not every:
        raise NotFound(_("No line of this report waits any more."))
    if not answering:
        raise OutsideYourArea
    lines = [line for line, _area in answering]
    return WaitingLines(
        batch=SourceBatch.objects.defer("digests").select_related("source").get(pk=batch_id),
        lines=lines,
        areas=sorted({area for _line, area in answering}),
    )
