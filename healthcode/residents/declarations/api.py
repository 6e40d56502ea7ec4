"""Declarations, check-ins and symptoms over the HTTP interface."""

from django.utils import timezone
from django.utils.translation import override
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import ProofNeeded
from accounts.permissions import IsResident, account_of
from healthcode.areas.errors import EndedArea, UnknownArea
from healthcode.colours.answers import ColourAnswer, colour_answer
from healthcode.colours.errors import NoPolicy
from healthcode.evidence.claims import person_shown_to
from healthcode.evidence.errors import AlreadyCheckedIn
from healthcode.evidence.traits import Symptom
from healthcode.residents.declarations import services
from healthcode.residents.declarations.serializers import (
    CheckInInput,
    DeclarationInput,
    SymptomAnswer,
)
from healthcode.web.errors import NotFound, TooMany
from healthcode.web.refusals import refuses


class DeclarationsView(APIView):
    """Declare for yourself or for somebody you look after."""

    permission_classes = [IsResident]

    @refuses(NotFound, ProofNeeded, UnknownArea, EndedArea, TooMany, NoPolicy)
    @extend_schema(request=DeclarationInput, responses={201: ColourAnswer})
    def post(self, request: Request) -> Response:
        """Store the declaration and answer with the colour that follows."""
        at = timezone.now()
        given = DeclarationInput(data=request.data, context={"at": at})
        given.is_valid(raise_exception=True)
        account = account_of(request)
        person = services.person_to_declare_for(
            account=account, person_id=given.validated_data["person"], at=at
        )
        declaration = given.declaration()
        decision = services.declare(account=account, person=person, declaration=declaration, at=at)
        return Response(colour_answer(decision), status=status.HTTP_201_CREATED)


class CheckInsView(APIView):
    """The daily check-in."""

    permission_classes = [IsResident]

    @refuses(NotFound, ProofNeeded, AlreadyCheckedIn, NoPolicy)
    @extend_schema(request=CheckInInput, responses={201: ColourAnswer})
    def post(self, request: Request) -> Response:
        """Store today's check-in and answer with the colour that follows."""
        given = CheckInInput(data=request.data)
        given.is_valid(raise_exception=True)
        account, at = account_of(request), timezone.now()
        person = person_shown_to(account, given.validated_data["person"], at=at)
        decision = services.check_in(
            account=account, person=person, check_in=given.check_in(), at=at
        )
        return Response(colour_answer(decision), status=status.HTTP_201_CREATED)


class SymptomsView(APIView):
    """The symptoms that a declaration or a check-in can have."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(responses=SymptomAnswer(many=True))
    def get(self, request: Request) -> Response:
        """List them all, in the order of the form."""
        answers: list[dict[str, str]] = [{"code": symptom.value} for symptom in Symptom]
        for member, language in (("zh", "zh-hans"), ("en", "en")):
            with override(language):
                for answer, symptom in zip(answers, Symptom, strict=True):
                    answer[member] = str(symptom.label)
        return Response(answers, headers={"Cache-Control": "public, max-age=3600"})
