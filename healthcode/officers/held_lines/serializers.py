"""Input and output of the HTTP interface for held lines."""

from typing import Any

from rest_framework import serializers

from healthcode.acts.effects import ByColour, Effect
from healthcode.acts.grounds import GroundedInput
from healthcode.core import Colour
from healthcode.evidence.fields import Identifier
from healthcode.evidence.models import HeldLine
from healthcode.officers.held_lines.selectors import WaitingBatch, WaitingLines


class HeldBatchAnswer(serializers.Serializer[Any]):
    """A report of a source, and how many of its lines wait for you."""

    batch = serializers.IntegerField()
    reported_by = serializers.CharField()
    kind = serializers.CharField()
    at = serializers.DateTimeField()
    lines = serializers.IntegerField()


class HeldBatchesAnswer(serializers.Serializer[Any]):
    """The reports with lines that wait for you, oldest first."""

    batches = HeldBatchAnswer(many=True)


class HeldLineAnswer(serializers.Serializer[Any]):
    """A line that waits: a fact about a person, and why it waits."""

    line = serializers.IntegerField()
    person = serializers.IntegerField()
    traits = serializers.ListField(child=serializers.CharField())
    to = serializers.DateTimeField(allow_null=True)
    area = serializers.CharField(allow_null=True)
    why = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """Name `from`, a keyword of Python."""
        return {**super().get_fields(), "from": serializers.DateTimeField()}


class ByColourAnswer(serializers.Serializer[Any]):
    """How many people have each colour."""

    green = serializers.IntegerField()
    yellow = serializers.IntegerField()
    red = serializers.IntegerField()


class HeldLinesAnswer(HeldBatchAnswer):
    """The first lines of a report that wait for you, and what confirming all of them would do."""

    shown = HeldLineAnswer(many=True)
    before = ByColourAnswer()
    after = ByColourAnswer()
    worse = serializers.IntegerField()
    fingerprint = serializers.CharField()


class DecisionInput(GroundedInput):
    """Which lines are confirmed or rejected (all if left out), and why.

    The fingerprint is that of the lines that the officer checked.
    """

    fingerprint = serializers.CharField(max_length=64)
    lines = serializers.ListField(child=Identifier(), required=False, default=None, allow_null=True)


class HeldConfirmationAnswer(serializers.Serializer[Any]):
    """The act, how many lines it confirmed, how many were new, and the recomputation."""

    act = serializers.IntegerField()
    lines = serializers.IntegerField()
    recorded = serializers.IntegerField()
    recomputation = serializers.IntegerField(allow_null=True)


class HeldRejectionAnswer(serializers.Serializer[Any]):
    """The act that rejected the lines."""

    act = serializers.IntegerField()


def batch_answer(waiting: WaitingBatch) -> dict[str, Any]:
    """Return the members of `HeldBatchAnswer`."""
    batch = waiting.batch
    return {
        "batch": batch.pk,
        "reported_by": batch.source.username,
        "kind": batch.kind,
        "at": batch.at,
        "lines": waiting.lines,
    }


def lines_answer(waiting: WaitingLines, effect: Effect, *, most: int) -> dict[str, Any]:
    """Return the members of `HeldLinesAnswer`."""
    return {
        **batch_answer(WaitingBatch(waiting.batch, len(waiting.lines))),
        "shown": [_line(line) for line in waiting.lines[:most]],
        "before": _by_colour(effect.before),
        "after": _by_colour(effect.after),
        "worse": effect.worse,
        "fingerprint": waiting.fingerprint,
    }


def _line(line: HeldLine) -> dict[str, Any]:
    return {
        "line": line.line,
        "person": line.person_id,
        "traits": line.traits,
        "from": line.starts,
        "to": line.ends,
        "area": line.area_id,
        "why": line.why,
    }


def _by_colour(counts: ByColour) -> dict[str, int]:
    return dict(zip((colour.label for colour in Colour), counts, strict=True))
