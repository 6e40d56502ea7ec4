"""EU certificates over the HTTP interface."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import OutsideYourArea
from accounts.permissions import IsOfficer, account_of
from healthcode.acts.grounds import GroundField
from healthcode.colours.errors import NoPolicy
from healthcode.evidence.certificate_serializers import (
    AttestedAnswer,
    CertificateField,
    attested_answer,
)
from healthcode.evidence.errors import (
    CertificateKnown,
    CertificateOfAnother,
    CertificateRefused,
    CertificateSaysNothing,
    DocumentNotSeen,
    NotACertificate,
)
from healthcode.evidence.fields import YesNo
from healthcode.evidence.lines import HolderSerializer, holder_of
from healthcode.officers.certificates import services as certificates
from healthcode.web.errors import NotFound
from healthcode.web.refusals import refuses


class OfficersCertificateInput(HolderSerializer):
    """A certificate of somebody who stands before an officer."""

    certificate = CertificateField()
    ground = GroundField()
    document_seen = YesNo(
        default=False,
        help_text="Certificate and identity document were compared. Needed where the "
        "registration does not tell whose the certificate is.",
    )


class EnteredAnswer(AttestedAnswer):
    """The same, and the officer's act."""

    act = serializers.IntegerField()


class OfficersCertificatesView(APIView):
    """EU certificates that an officer enters for others."""

    permission_classes = [IsOfficer]

    @refuses(
        NotFound,
        OutsideYourArea,
        NotACertificate,
        CertificateRefused,
        CertificateSaysNothing,
        CertificateOfAnother,
        CertificateKnown,
        DocumentNotSeen,
        NoPolicy,
    )
    @extend_schema(request=OfficersCertificateInput, responses={201: EnteredAnswer})
    def post(self, request: Request) -> Response:
        """Verify it and enter what it attests, as an act on a ground."""
        given = OfficersCertificateInput(data=request.data)
        given.is_valid(raise_exception=True)
        told = given.validated_data
        entered, act = certificates.enter(
            account=account_of(request),
            holder=holder_of(told),
            text=told["certificate"],
            document_seen=told["document_seen"],
            ground=told["ground"],
            at=timezone.now(),
        )
        return Response({**attested_answer(entered), "act": act.pk}, status=status.HTTP_201_CREATED)
