"""Declarations, check-ins, evidence and colours over the HTTP interface."""

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Account
from accounts.permissions import IsOfficer, IsResident, IsSource
from accounts.selectors import person_for
from healthcode.colours import reporting
from healthcode.colours.answers import ColourAnswer, colour_answer
from healthcode.colours.parsers import Lines, NdjsonParser
from healthcode.colours.selectors import decision_of
from healthcode.colours.serializers import (
    CheckInInput,
    DeclarationInput,
    ReportAnswer,
    SymptomAnswer,
    WithdrawalAnswer,
    WithdrawalInput,
    problem_answer,
    report_answer,
)
from healthcode.evidence.lines import FORMS
from healthcode.evidence.ndjson import NumberedLine
from healthcode.evidence.traits import Symptom
from healthcode.web.errors import NotFound
from healthcode.web.parsers import StrictJSONParser

LINE = PolymorphicProxySerializer(
    component_name="EvidenceLine",
    serializers=[form.serializer for form in FORMS.values()],
    resource_type_field_name=None,
)


class DeclarationsView(APIView):
    """Declare for oneself or for somebody one looks after."""

    permission_classes = [IsResident]

    @extend_schema(request=DeclarationInput, responses={201: ColourAnswer})
    def post(self, request: Request) -> Response:
        """Store the declaration and answer with the colour that follows."""
        at = timezone.now()
        given = DeclarationInput(data=request.data, context={"at": at})
        given.is_valid(raise_exception=True)
        person = person_for(_account(request), given.validated_data["person"])
        declaration = given.declaration()
        decision = reporting.declare(
            account=_account(request), person=person, declaration=declaration, at=at
        )
        return Response(colour_answer(decision), status=status.HTTP_201_CREATED)


class CheckInsView(APIView):
    """The daily check-in."""

    permission_classes = [IsResident]

    @extend_schema(request=CheckInInput, responses={201: ColourAnswer})
    def post(self, request: Request) -> Response:
        """Store today's check-in and answer with the colour that follows."""
        given = CheckInInput(data=request.data)
        given.is_valid(raise_exception=True)
        person = person_for(_account(request), given.validated_data["person"])
        decision = reporting.check_in(
            account=_account(request), person=person, check_in=given.check_in(), at=timezone.now()
        )
        return Response(colour_answer(decision), status=status.HTTP_201_CREATED)


class ColourView(APIView):
    """The colour of somebody one looks after, and why."""

    permission_classes = [IsResident]

    @extend_schema(responses=ColourAnswer)
    def get(self, request: Request, person_id: int) -> Response:
        """Decide the colour of this moment, with every reason."""
        person = person_for(_account(request), person_id)
        decision = decision_of(person.pk, timezone.now())
        return Response(colour_answer(decision), headers={"Cache-Control": "no-store"})


class EvidenceView(APIView):
    """Evidence from source systems, one fact or many."""

    permission_classes = [IsSource]
    parser_classes: Sequence[type[BaseParser]] = [StrictJSONParser, NdjsonParser]

    @extend_schema(
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=sorted(FORMS))],
        request={"application/json": LINE, "application/x-ndjson": LINE},
        responses={200: ReportAnswer, 201: ReportAnswer},
    )
    def post(self, request: Request, kind: str) -> Response:
        """Store what is right and say what is wrong, line by line; safe to send again."""
        if kind not in FORMS:
            raise NotFound(_("There is no such kind of evidence."))
        body: object = request.data
        lines = body.lines if isinstance(body, Lines) else [NumberedLine(1, body)]
        report = reporting.report_evidence(
            source=_account(request), kind=kind, lines=lines, at=timezone.now()
        )
        if isinstance(body, Lines):
            return Response(report_answer(report))
        problem = report.results[0].problem
        if problem is not None:
            return problem_answer(problem)
        return Response(report_answer(report), status=status.HTTP_201_CREATED)


class WithdrawalView(APIView):
    """Evidence that was wrong."""

    permission_classes = [IsOfficer]

    @extend_schema(request=WithdrawalInput, responses={201: WithdrawalAnswer})
    def post(self, request: Request, evidence_id: int) -> Response:
        """Take it out of all decisions, as an act on a ground."""
        given = WithdrawalInput(data=request.data)
        given.is_valid(raise_exception=True)
        recomputation = reporting.withdraw_evidence(
            account=_account(request),
            evidence_id=evidence_id,
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
        answer = {
            "evidence": evidence_id,
            "act": recomputation.act_id,
            "recomputation": recomputation.pk,
        }
        return Response(answer, status=status.HTTP_201_CREATED)


class SymptomsView(APIView):
    """The symptoms that declarations and check-ins know."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(responses=SymptomAnswer(many=True))
    def get(self, request: Request) -> Response:
        """The closed list, in the order in which it is asked."""
        answers: list[dict[str, str]] = [{"code": symptom.value} for symptom in Symptom]
        for member, language in (("zh", "zh-hans"), ("en", "en")):
            with override(language):
                for answer, symptom in zip(answers, Symptom, strict=True):
                    answer[member] = str(symptom.label)
        return Response(answers, headers={"Cache-Control": "public, max-age=3600"})


def _account(request: Request) -> Account:
    account = request.user
    assert isinstance(account, Account)  # noqa: S101  the view's permission saw to it
    return account
