"""The HTTP interface for EU certificates that officers enter."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import OutsideYourArea
from accounts.idempotency import answered_once
from accounts.permissions import IsOfficer, account_of
from healthcode.acts.grounds import GroundedInput
from healthcode.colours.errors import NoPolicy, SecondPersonNeeded
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


class OfficersCertificateInput(GroundedInput, HolderSerializer):
    """The EU certificate of a person who is at the officer's desk."""

    certificate = CertificateField()
    document_seen = YesNo(
        default=False,
        help_text="True if the officer compared the certificate with the identity document. "
        "Required if the registration does not show whose certificate it is.",
    )


class EnteredAnswer(AttestedAnswer):
    """The evidence from the certificate, and the number of the officer's act."""

    act = serializers.IntegerField()


class OfficersCertificatesView(APIView):
    """EU certificates that officers enter for people at their desk."""

    permission_classes = [IsOfficer]

    @answered_once
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
        SecondPersonNeeded,
    )
    @extend_schema(request=OfficersCertificateInput, responses={201: EnteredAnswer})
    def post(self, request: Request) -> Response:
        """Verify an EU certificate and record what it attests, as an officer's act."""
        given = OfficersCertificateInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        entered, act = certificates.enter(
            account=account_of(request),
            holder=holder_of(values),
            text=values["certificate"],
            document_seen=values["document_seen"],
            ground=values["ground"],
            at=timezone.now(),
        )
        return Response({**attested_answer(entered), "act": act.pk}, status=status.HTTP_201_CREATED)
