"""The HTTP interface for people who come to the desk without a telephone."""

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import OutsideYourArea
from accounts.idempotency import answered_once
from accounts.permissions import IsOfficer, account_of
from healthcode.acts.grounds import GroundedInput
from healthcode.areas.errors import EndedArea, UnknownArea
from healthcode.codes import card
from healthcode.codes.api import NOT_KEPT
from healthcode.codes.errors import DeclareFirst, DoesNotSign
from healthcode.codes.renderers import PdfRenderer
from healthcode.colours.errors import ColourBeingChecked, NoPolicy, SecondPersonNeeded
from healthcode.evidence.declaration_input import DeclaredInput
from healthcode.officers.visits.services import card_at_desk, declare_at_desk
from healthcode.web.errors import NotFound, TooMany
from healthcode.web.refusals import refuses


class DeclaredAtDeskInput(GroundedInput, DeclaredInput):
    """What a person at the desk declares, and why the officer enters it."""


class DeclaredAnswer(serializers.Serializer[object]):
    """The number of the officer's act. The colour stands on the card."""

    act = serializers.IntegerField()


class VisitDeclarationView(APIView):
    """The declaration of a person whose document the officer has just seen."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(
        NotFound, OutsideYourArea, UnknownArea, EndedArea, TooMany, NoPolicy, SecondPersonNeeded
    )
    @extend_schema(request=DeclaredAtDeskInput, responses={201: DeclaredAnswer})
    def post(self, request: Request, visit: int) -> Response:
        """Record what the person declares, as an act. `visit` is the act of the document seen."""
        at = timezone.now()
        given = DeclaredAtDeskInput(data=request.data, context={"at": at})
        given.is_valid(raise_exception=True)
        _decision, act = declare_at_desk(
            account=account_of(request),
            act_id=visit,
            declaration=given.declaration(),
            ground=given.validated_data["ground"],
            at=at,
        )
        return Response({"act": act.pk}, status=status.HTTP_201_CREATED)


class VisitCardView(APIView):
    """The printed card of a person whose document the officer has just seen."""

    permission_classes = [IsOfficer]
    renderer_classes = [PdfRenderer]

    @refuses(
        NotFound,
        OutsideYourArea,
        DeclareFirst,
        DoesNotSign,
        NoPolicy,
        ColourBeingChecked,
        TooMany,
    )
    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, visit: int) -> Response:
        """Sign a paper code and lay it out as a card. The person sees that an officer looked."""
        issued = card_at_desk(account=account_of(request), act_id=visit, at=timezone.now())
        headers = NOT_KEPT | {"Content-Disposition": 'inline; filename="health-code.pdf"'}
        return Response(card.pdf(issued), headers=headers)
