"""Input and output of the declaring half of the HTTP interface."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.response import Response

from healthcode.colours.reporting import LineResult, Problem, Report
from healthcode.evidence.declarations import MAX_STAYS, CheckIn, Declaration, Stay
from healthcode.evidence.fields import (
    AreaCode,
    Choice,
    Identifier,
    PeriodSerializer,
    Temperature,
    YesNo,
)
from healthcode.evidence.traits import Symptom
from healthcode.web.fields import StrictSerializer
from healthcode.web.problems import CONTENT_TYPE


class SymptomList(serializers.ListField):
    """Symptoms from the closed list; empty when there are none, named twice counts once."""

    child = Choice(choices=Symptom.choices)

    def to_internal_value(self, data: Any) -> list[str]:
        """Read the list in the order in which the symptoms are declared.

        Raises:
            ValidationError: for anything that is not in the list.
        """
        found = set(super().to_internal_value(data))
        return [symptom.value for symptom in Symptom if symptom.value in found]


class StayInput(PeriodSerializer):
    """Where the person was; the days count whole, the last one too."""

    area = AreaCode()


class DeclarationInput(StrictSerializer):
    """A declaration for a person one looks after."""

    person = Identifier()
    symptoms = SymptomList()
    temperature = Temperature(required=False, allow_null=True, default=None)
    stays = serializers.ListField(
        child=StayInput(),
        max_length=MAX_STAYS,
        error_messages={"max_length": _("Declare at most {max_length} stays.")},
    )
    contact_with_case = YesNo()

    def declaration(self) -> Declaration:
        """The declaration that the validated input is."""
        given = self.validated_data
        return Declaration(
            symptoms=tuple(given["symptoms"]),
            temperature=given["temperature"],
            contact_with_case=given["contact_with_case"],
            stays=tuple(Stay(s["area"], s["starts"], s["ends"]) for s in given["stays"]),
        )


class CheckInInput(StrictSerializer):
    """Today's check-in for a person one looks after."""

    person = Identifier()
    temperature = Temperature()
    symptoms = SymptomList()

    def check_in(self) -> CheckIn:
        """The check-in that the validated input is."""
        given = self.validated_data
        return CheckIn(symptoms=tuple(given["symptoms"]), temperature=given["temperature"])


class WithdrawalInput(StrictSerializer):
    """Why a piece of evidence was wrong, in words that may be read for years."""

    ground = serializers.CharField(max_length=1000)


class WithdrawalAnswer(serializers.Serializer[Any]):
    """The act that withdrew the evidence, and the recomputation that follows."""

    evidence = serializers.IntegerField()
    act = serializers.IntegerField()
    recomputation = serializers.IntegerField()


class SymptomAnswer(serializers.Serializer[Any]):
    """A symptom's code, as declarations use it, and its names."""

    code = serializers.CharField()
    zh = serializers.CharField()
    en = serializers.CharField()


class LineAnswer(serializers.Serializer[Any]):
    """What became of one line: `id` when it is in the evidence, else `problem` (RFC 9457)."""

    line = serializers.IntegerField()
    id = serializers.IntegerField(required=False)
    known = serializers.BooleanField(
        required=False, help_text="Present and true when the line was there before."
    )
    problem = serializers.DictField(required=False)


class ReportAnswer(serializers.Serializer[Any]):
    """What became of a report, line by line in order."""

    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = LineAnswer(many=True)
    recomputation = serializers.IntegerField(
        allow_null=True, help_text="Null when the report said nothing new."
    )


def report_answer(report: Report) -> dict[str, Any]:
    """`ReportAnswer` of a report; built by hand, for it may have tens of thousands of lines."""
    return {
        "accepted": report.accepted,
        "rejected": report.rejected,
        "results": [_line_answer(result) for result in report.results],
        "recomputation": report.recomputation,
    }


def _line_answer(result: LineResult) -> dict[str, Any]:
    if result.problem is not None:
        return {"line": result.line, "problem": result.problem}
    answer: dict[str, Any] = {"line": result.line, "id": result.id}
    return {**answer, "known": True} if result.known else answer


def problem_answer(problem: Problem) -> Response:
    """The problem of the one line that was sent, as the answer."""
    response = Response(problem, status=int(str(problem["status"])))
    response.content_type = CONTENT_TYPE
    return response
