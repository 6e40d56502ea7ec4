"""Answer with a person's code: as text, as a picture or as a card."""

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import ProofNeeded
from accounts.permissions import IsResident, account_of
from healthcode.codes import card, pictures, serializers, services
from healthcode.codes.authentication import REQUIREMENT, CodeAuthentication, PersonRow
from healthcode.codes.errors import DeclareFirst, DoesNotSign
from healthcode.codes.renderers import PdfRenderer, PngRenderer, SvgRenderer
from healthcode.codes.serializers import CodeQuery, IssuedCodeSerializer, PhoneKeyInput
from healthcode.codes.services import IssuedCode
from healthcode.colours.errors import ColourBeingChecked, NoPolicy
from healthcode.core import Kind
from healthcode.web.answers import json_answer
from healthcode.web.refusals import refuses

NOT_KEPT = {"Cache-Control": "no-store"}


class CodeView(APIView):
    """Sign a fresh code for a person whom the account looks after."""

    authentication_classes = [CodeAuthentication]
    permission_classes = [IsResident]

    @refuses(DeclareFirst, ProofNeeded, DoesNotSign, NoPolicy, ColourBeingChecked)
    @extend_schema(parameters=[CodeQuery], responses=IssuedCodeSerializer, auth=REQUIREMENT)
    def get(self, request: Request, person: int) -> HttpResponse:
        """Sign the person's current colour."""
        issued = _issue(request, person, _kind(request))
        return json_answer(serializers.document(issued), NOT_KEPT)


class PhoneCodeView(APIView):
    """Sign a code for one day that only one phone can show, also without a network."""

    permission_classes = [IsResident]

    @refuses(DeclareFirst, ProofNeeded, DoesNotSign, NoPolicy, ColourBeingChecked)
    @extend_schema(request=PhoneKeyInput, responses=IssuedCodeSerializer)
    def post(self, request: Request, person: int) -> Response:
        """Sign the person's current colour for the phone with this key.

        The phone signs a new picture every minute (docs/format.md, section 4). The service does not
        store the key.
        """
        point = PhoneKeyInput(data=request.data).validated_point()
        issued = _issue(request, person, Kind.LIVE, phone_key=point)
        return Response(serializers.document(issued), headers=NOT_KEPT)


class CodePngView(APIView):
    """Draw the code as a PNG picture."""

    permission_classes = [IsResident]
    renderer_classes = [PngRenderer]

    @refuses(DeclareFirst, ProofNeeded, DoesNotSign, NoPolicy, ColourBeingChecked)
    @extend_schema(parameters=[CodeQuery], responses={(200, "image/png"): OpenApiTypes.BINARY})
    def get(self, request: Request, person: int) -> Response:
        """Sign a code and draw it with 10 pixels for each module, quiet zone included."""
        issued = _issue(request, person, _kind(request))
        return Response(pictures.png(issued.code), headers=NOT_KEPT)


class CodeSvgView(APIView):
    """Draw the code as an SVG picture."""

    permission_classes = [IsResident]
    renderer_classes = [SvgRenderer]

    @refuses(DeclareFirst, ProofNeeded, DoesNotSign, NoPolicy, ColourBeingChecked)
    @extend_schema(parameters=[CodeQuery], responses={(200, "image/svg+xml"): OpenApiTypes.BINARY})
    def get(self, request: Request, person: int) -> Response:
        """Sign a code and draw it with one unit for each module, quiet zone included."""
        issued = _issue(request, person, _kind(request))
        return Response(pictures.svg(issued.code), headers=NOT_KEPT)


class CardView(APIView):
    """Print a code on a card, for a person without a phone."""

    permission_classes = [IsResident]
    renderer_classes = [PdfRenderer]

    @refuses(DeclareFirst, ProofNeeded, DoesNotSign, NoPolicy, ColourBeingChecked)
    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, person: int) -> Response:
        """Sign a paper code and lay it out as a card on an A4 page."""
        issued = _issue(request, person, Kind.PAPER)
        headers = NOT_KEPT | {"Content-Disposition": 'inline; filename="health-code.pdf"'}
        return Response(card.pdf(issued), headers=headers)


def _kind(request: Request) -> Kind:
    if not request.META.get("QUERY_STRING"):
        return Kind.LIVE
    return CodeQuery(data=request.query_params).validated_kind()


def _issue(request: Request, person: int, kind: Kind, phone_key: bytes | None = None) -> IssuedCode:
    at = timezone.now()
    if isinstance(request.auth, PersonRow):
        code_input = request.auth.code_input(person, at=at)
        return services.issue(code_input=code_input, kind=kind, at=at, phone_key=phone_key)
    account = account_of(request)
    return services.issue_code(
        account=account, person_id=person, kind=kind, at=at, phone_key=phone_key
    )
