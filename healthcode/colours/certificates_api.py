"""EU certificates over the HTTP interface."""

from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Account
from accounts.permissions import IsOfficer, IsResident
from accounts.selectors import person_for
from healthcode.colours import certificates
from healthcode.colours.answers import ColourAnswer, colour_answer
from healthcode.colours.certificates import Entered
from healthcode.evidence.certificates import ATTESTABLE
from healthcode.evidence.fields import YesNo
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.lines import HolderSerializer, holder_of
from healthcode.web.fields import StrictSerializer

_TRAITS: Final = sorted(trait.value for kind in ATTESTABLE for trait in KINDS[kind].traits)
# What a picture can hold, and the line breaks that it may have come to on its way.
LONGEST_TEXT: Final = 6000


class CertificateField(serializers.CharField):
    """The text of a certificate (`HC1:…`), untouched: spaces are part of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_TEXT, trim_whitespace=False, **options)


class CertificateInput(StrictSerializer):
    """A certificate of the person in the address."""

    certificate = CertificateField()


class OfficersCertificateInput(HolderSerializer):
    """A certificate of somebody who stands before an officer."""

    certificate = CertificateField()
    ground = serializers.CharField(max_length=1000)
    document_seen = YesNo(
        default=False,
        help_text="Certificate and identity document were compared. Needed where the "
        "registration does not tell whose the certificate is.",
    )


class AttestedAnswer(serializers.Serializer[Any]):
    """What is in the evidence now: a fact, and from when to when it holds."""

    evidence = serializers.IntegerField(help_text="Its number, to give when asking about it.")
    kind = serializers.CharField(help_text=", ".join(kind.value for kind in ATTESTABLE))
    traits = serializers.ListField(child=serializers.ChoiceField(choices=_TRAITS))
    country = serializers.CharField(help_text="Whose certificate it is, as ISO 3166.")

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which is a word of Python's and cannot be declared, and `to`."""
        return {
            **super().get_fields(),
            "from": serializers.DateTimeField(),
            "to": serializers.DateTimeField(),
        }


class HandedInAnswer(AttestedAnswer):
    """The same, and the colour that follows."""

    colour = ColourAnswer()


class EnteredAnswer(AttestedAnswer):
    """The same, and the officer's act."""

    act = serializers.IntegerField()


class CertificatesView(APIView):
    """EU certificates of oneself or of somebody one looks after."""

    permission_classes = [IsResident]

    @extend_schema(request=CertificateInput, responses={201: HandedInAnswer})
    def post(self, request: Request, person_id: int) -> Response:
        """Verify it, enter what it attests, and answer with the colour that follows."""
        given = CertificateInput(data=request.data)
        given.is_valid(raise_exception=True)
        account = _account(request)
        entered = certificates.hand_in(
            account=account,
            person=person_for(account, person_id),
            text=given.validated_data["certificate"],
            at=timezone.now(),
        )
        answer = {**_answer(entered), "colour": colour_answer(entered.decision)}
        return Response(answer, status=status.HTTP_201_CREATED)


class OfficersCertificatesView(APIView):
    """EU certificates that an officer enters for others."""

    permission_classes = [IsOfficer]

    @extend_schema(request=OfficersCertificateInput, responses={201: EnteredAnswer})
    def post(self, request: Request) -> Response:
        """Verify it and enter what it attests, as an act on a ground."""
        given = OfficersCertificateInput(data=request.data)
        given.is_valid(raise_exception=True)
        told = given.validated_data
        entered, act = certificates.enter(
            account=_account(request),
            holder=holder_of(told),
            text=told["certificate"],
            document_seen=told["document_seen"],
            ground=told["ground"],
            at=timezone.now(),
        )
        return Response({**_answer(entered), "act": act.pk}, status=status.HTTP_201_CREATED)


def _answer(entered: Entered) -> dict[str, Any]:
    return {
        "evidence": entered.evidence,
        "kind": entered.attested.kind.value,
        "traits": list(entered.attested.traits),
        "from": entered.attested.starts,
        "to": entered.attested.ends,
        "country": entered.attested.country,
    }


def _account(request: Request) -> Account:
    account = request.user
    assert isinstance(account, Account)  # noqa: S101  the permission class saw to it
    return account
