"""The HTTP interface for source systems."""

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsSource, account_of
from healthcode.areas.errors import UnknownArea
from healthcode.evidence.errors import ReferenceTaken, TooManyLines, UnknownPerson
from healthcode.evidence.lines import FORMS
from healthcode.evidence.ndjson import NumberedLine
from healthcode.sources.errors import OutsideYourGrant
from healthcode.sources.evidence import report_evidence
from healthcode.sources.parsers import NdjsonParser, NumberedLines
from healthcode.sources.presences import report_presences
from healthcode.sources.serializers import (
    PresencesAnswer,
    PresencesInput,
    ReportAnswer,
    problem_answer,
    report_answer,
    report_of,
)
from healthcode.web.errors import NotFound
from healthcode.web.parsers import StrictJSONParser
from healthcode.web.refusals import refuses

LINE = PolymorphicProxySerializer(
    component_name="EvidenceLine",
    serializers=[form.serializer for form in FORMS.values()],
    resource_type_field_name=None,
)


class EvidenceView(APIView):
    """Evidence from source systems: one fact, or many lines."""

    permission_classes = [IsSource]
    parser_classes: Sequence[type[BaseParser]] = [StrictJSONParser, NdjsonParser]

    @refuses(UnknownPerson, UnknownArea, ReferenceTaken, TooManyLines)
    @extend_schema(
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=sorted(FORMS))],
        request={"application/json": LINE, "application/x-ndjson": LINE},
        responses={200: ReportAnswer, 201: ReportAnswer, 202: ReportAnswer},
    )
    def post(self, request: Request, kind: str) -> Response:
        """Store the correct lines, and return the problem of each other line.

        A line that exceeds the source's grant is `held` for an officer; a single one is answered
        with 202. A report whose lines have references can be sent again without harm.
        """
        if kind not in FORMS:
            raise NotFound(_("This kind of evidence does not exist."))
        body: object = request.data
        lines = body.lines if isinstance(body, NumberedLines) else [NumberedLine(1, body)]
        report = report_evidence(
            source=account_of(request), kind=kind, lines=lines, at=timezone.now()
        )
        if isinstance(body, NumberedLines):
            return Response(report_answer(report))
        problem = report.results[0].problem
        if problem is not None:
            return problem_answer(problem)
        made = status.HTTP_202_ACCEPTED if report.held else status.HTTP_201_CREATED
        return Response(report_answer(report), status=made)


class PresencesView(APIView):
    """Presences: where people were, reported by sources that know it."""

    permission_classes = [IsSource]

    @refuses(UnknownArea, OutsideYourGrant)
    @extend_schema(request=PresencesInput, responses={201: PresencesAnswer})
    def post(self, request: Request) -> Response:
        """Store all lines, or none if one is wrong. It can be sent again without harm."""
        at = timezone.now()
        given = PresencesInput(data=request.data, context={"at": at})
        given.is_valid(raise_exception=True)
        reports = [report_of(line) for line in given.validated_data["presences"]]
        report_presences(source=account_of(request), reports=reports, at=at)
        return Response({"accepted": len(reports)}, status=201)
