"""Input and output of the HTTP interface for source systems."""

from collections.abc import Mapping
from typing import Any, Final

from rest_framework import serializers
from rest_framework.response import Response

from healthcode.areas.errors import UnknownArea
from healthcode.areas.lives import Life
from healthcode.evidence.errors import ReferenceTaken, UnknownPerson
from healthcode.evidence.fields import (
    AreaCode,
    Choice,
    PeriodSerializer,
    YesNo,
)
from healthcode.evidence.lines import HolderSerializer, holder_of
from healthcode.sources.evidence import EvidenceReport, LineResult, Problem
from healthcode.sources.presences import PresenceReport
from healthcode.tracing.kinds import TIME_NEEDED, PlaceKind, fits_in_days
from healthcode.web.errors import InvalidInput, MalformedRequest
from healthcode.web.fields import LineField, ProblemField, StrictSerializer
from healthcode.web.problems import CONTENT_TYPE

MOST_LINES: Final = 500


class NoticeAnswer(serializers.Serializer[Any]):
    """The code of this area had ended when the stay began. The line is stored all the same.

    The levels of the `successors` count for it. If there are none, they are not known here, and the
    levels of the area above count. `detail` says so in a sentence.
    """

    area = serializers.CharField()
    successors = serializers.ListField(child=serializers.CharField())
    detail = serializers.CharField()


class LineAnswer(serializers.Serializer[Any]):
    """The result of one line: `state` and, if it is now in the evidence, `id`; or else `problem`.

    A `held` line has no effect until an officer confirms it, because it exceeds the source's grant.
    `problem` is a document of RFC 9457.
    """

    line = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["recorded", "held"], required=False)
    id = serializers.IntegerField(required=False)
    known = serializers.BooleanField(
        required=False, help_text="Present and true if the line was stored before."
    )
    notice = NoticeAnswer(required=False)
    problem = ProblemField(
        InvalidInput, MalformedRequest, ReferenceTaken, UnknownArea, UnknownPerson, required=False
    )


class ReportAnswer(serializers.Serializer[Any]):
    """The result of a report, with one entry for each line, in order."""

    accepted = serializers.IntegerField(help_text="How many lines are in the evidence now.")
    held = serializers.IntegerField(help_text="How many lines wait for an officer.")
    rejected = serializers.IntegerField()
    results = LineAnswer(many=True)
    recomputation = serializers.IntegerField(
        allow_null=True, help_text="Its number; null if nothing in the report was new."
    )


def report_answer(report: EvidenceReport) -> dict[str, Any]:
    """Return `ReportAnswer` of a report.

    It is built without the serializer, which would be slow for tens of thousands of lines.
    """
    return {
        "accepted": report.accepted,
        "held": report.held,
        "rejected": report.rejected,
        "results": [_line_answer(result) for result in report.results],
        "recomputation": report.recomputation,
    }


def _line_answer(result: LineResult) -> dict[str, Any]:
    if result.problem is not None:
        return {"line": result.line, "problem": result.problem}
    answer: dict[str, Any] = {"line": result.line}
    if result.held:
        answer["state"] = "held"
    else:
        answer |= {"state": "recorded", "id": result.id}
    if result.known:
        answer["known"] = True
    if result.notice is not None:
        answer["notice"] = notice_answer(result.notice)
    return answer


def notice_answer(life: Life) -> dict[str, Any]:
    """Return `NoticeAnswer` of an area whose code had ended."""
    successors = [successor.code for successor in life.successors]
    return {"area": life.code, "successors": successors, "detail": life.counted_as}


def problem_answer(problem: Problem) -> Response:
    """Return the problem of a report with a single line as the whole answer."""
    response = Response(problem, status=int(str(problem["status"])))
    response.content_type = CONTENT_TYPE
    return response


class Seat(serializers.IntegerField):
    """The number of a carriage or of a row: a JSON number, from 1."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, **options)

    def to_internal_value(self, data: Any) -> int:
        """Return the number.

        Raises:
            ValidationError: it is not a whole JSON number, or out of range.
        """
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class PresenceLine(PeriodSerializer, HolderSerializer):
    """A person was at a place from `from` to `to`; `place` is the source's own name for it."""

    kind = Choice(choices=PlaceKind.choices)
    place = serializers.CharField(max_length=64)
    name = LineField(max_length=128, required=False, default="", allow_blank=True)
    area = AreaCode(required=False, default="")
    sure = YesNo(required=False, default=False)
    carriage = Seat(max_value=99, required=False, allow_null=True, default=None)
    row = Seat(max_value=999, required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse times given in days if minutes matter at this kind of place.

        Raises:
            ValidationError: under `from`; and see `PeriodSerializer`.
        """
        found = super().validate(attrs)
        kind, by_day = PlaceKind(found["kind"]), found.pop("by_day")
        if by_day and not fits_in_days(kind, found["starts"], found["ends"]):
            raise serializers.ValidationError({"from": TIME_NEEDED})
        return found


class PresencesInput(StrictSerializer):
    """Presences: where people were, and when. All lines are stored, or none."""

    presences = serializers.ListField(child=PresenceLine(), min_length=1, max_length=MOST_LINES)


class PresencesAnswer(serializers.Serializer[Any]):
    """How many lines were stored."""

    accepted = serializers.IntegerField()


def report_of(line: Mapping[str, Any]) -> PresenceReport:
    """Convert a validated `PresenceLine`."""
    who = {"person", "id_type", "id_number"}
    others = {name: value for name, value in line.items() if name not in who}
    return PresenceReport(**{**others, "holder": holder_of(line), "kind": PlaceKind(line["kind"])})
