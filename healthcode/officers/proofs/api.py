"""The HTTP interface for documents that officers see."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.admission import NewPerson
from accounts.errors import (
    DocumentAlreadyRegistered,
    EndedArea,
    NobodyLoggedIn,
    OutsideYourArea,
    SelfAlreadyRegistered,
    UnknownArea,
)
from accounts.holder_errors import NameDiffers
from accounts.idempotency import answered_once
from accounts.models import Relation
from accounts.permissions import IsOfficer, account_of
from accounts.serializers import PersonInput
from healthcode.acts.grounds import GroundedInput
from healthcode.evidence.fields import YesNo
from healthcode.officers.proofs.services import see_document
from healthcode.web.refusals import refuses


class DocumentSeenInput(GroundedInput, PersonInput):
    """A person as in the document, and the phone number with which the guardian logs in."""

    phone = serializers.CharField(
        max_length=64,
        default=None,
        allow_null=True,
        allow_blank=True,
        help_text="Of whoever is to have the code; they must have logged in before. Without it, "
        "nobody has the code on a phone, and you can print a card for the person.",
    )
    document_seen = YesNo()

    def newcomer(self) -> NewPerson:
        """Return the person, from the validated data."""
        values = self.validated_data
        return NewPerson(
            values["name"],
            values["id_type"],
            values["id_number"],
            values["home_area"],
            values["phone"],
        )

    def guards_as(self) -> Relation | None:
        """Return what the guardian is to the person, if it was said."""
        value = self.validated_data["relation"]
        return Relation(value) if value else None

    def validate_document_seen(self, value: bool) -> bool:
        """Refuse an officer who has not seen the document."""
        if not value:
            raise serializers.ValidationError(NOT_SEEN)
        return value


NOT_SEEN = _("Look at the document first, and compare name and picture with the person.")


class SeenAnswer(serializers.Serializer[object]):
    """The person's number and that of the act."""

    person = serializers.IntegerField()
    act = serializers.IntegerField()


class DocumentsSeenView(APIView):
    """Documents that officers have seen."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(
        DocumentAlreadyRegistered,
        SelfAlreadyRegistered,
        NameDiffers,
        NobodyLoggedIn,
        OutsideYourArea,
        UnknownArea,
        EndedArea,
    )
    @extend_schema(request=DocumentSeenInput, responses={201: SeenAnswer})
    def post(self, request: Request) -> Response:
        """Prove who somebody is, as an officer's act; an unproven guardian of theirs ends."""
        given = DocumentSeenInput(data=request.data)
        given.is_valid(raise_exception=True)
        person, act = see_document(
            account=account_of(request),
            phone=given.validated_data["phone"],
            relation=given.guards_as(),
            seen=given.newcomer(),
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
        return Response({"person": person.pk, "act": act.pk}, status=status.HTTP_201_CREATED)
