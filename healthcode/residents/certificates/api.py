"""EU certificates that residents hand in, over the HTTP interface."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import ProofNeeded
from accounts.permissions import IsResident, account_of
from healthcode.colours.answers import ColourAnswer, colour_answer
from healthcode.colours.errors import NoPolicy
from healthcode.evidence.certificate_serializers import (
    AttestedAnswer,
    CertificateField,
    attested_answer,
)
from healthcode.evidence.claims import person_shown_to
from healthcode.evidence.errors import (
    CertificateKnown,
    CertificateOfAnother,
    CertificateRefused,
    CertificateSaysNothing,
    CertificateWithdrawn,
    NotACertificate,
    OfficerMustLook,
)
from healthcode.residents.certificates import services
from healthcode.web.errors import TooMany
from healthcode.web.fields import StrictSerializer
from healthcode.web.refusals import refuses


class CertificateInput(StrictSerializer):
    """A certificate of the person in the address."""

    certificate = CertificateField()


class HandedInAnswer(AttestedAnswer):
    """What the certificate attests, and the colour that follows."""

    colour = ColourAnswer()


class CertificatesView(APIView):
    """EU certificates of yourself or of somebody you look after."""

    permission_classes = [IsResident]

    @refuses(
        NotACertificate,
        CertificateRefused,
        CertificateSaysNothing,
        CertificateOfAnother,
        CertificateKnown,
        OfficerMustLook,
        CertificateWithdrawn,
        TooMany,
        NoPolicy,
        ProofNeeded,
    )
    @extend_schema(request=CertificateInput, responses={201: HandedInAnswer})
    def post(self, request: Request, person_id: int) -> Response:
        """Verify it, record what it attests, and answer with the colour that follows."""
        given = CertificateInput(data=request.data)
        given.is_valid(raise_exception=True)
        account, at = account_of(request), timezone.now()
        entered, decision = services.hand_in(
            account=account,
            person=person_shown_to(account, person_id, at=at),
            text=given.validated_data["certificate"],
            at=at,
        )
        answer = {**attested_answer(entered), "colour": colour_answer(decision)}
        return Response(answer, status=status.HTTP_201_CREATED)
