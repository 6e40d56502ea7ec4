"""The HTTP interface for telephones that were lost."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import client, logins
from accounts.errors import (
    NoMoreCodes,
    PhoneNotServed,
    SendingFailed,
)
from accounts.holder_errors import (
    NameDiffers,
    NoAccountOfTheirOwn,
    PhoneInUse,
)
from accounts.idempotency import answered_once
from accounts.permissions import IsOfficer, account_of
from accounts.telephones.codes import TypedCode
from healthcode.officers.documents import ShownDocumentInput
from healthcode.officers.phones.services import begin_at_desk, change_phone_at_desk
from healthcode.web.errors import InvalidInput, NotFound, TooMany
from healthcode.web.problems import refused
from healthcode.web.refusals import refuses


class DeskPhoneInput(ShownDocumentInput):
    """A person as in the document, and the new phone number."""

    phone = serializers.CharField(max_length=64, help_text="Of the telephone that they have now.")


class DeskChangeInput(DeskPhoneInput):
    """The same, with the code that the new telephone received."""

    otp = serializers.CharField(max_length=64)
    login = serializers.CharField(max_length=64)

    def new(self) -> TypedCode:
        """Return number and code, from the validated data."""
        values = self.validated_data
        return TypedCode(values["phone"], values["otp"], values["login"])


class DeskCodeSent(serializers.Serializer[object]):
    """The code that was sent to the new telephone."""

    login = serializers.CharField(help_text="Send it with the code. Keep it secret.")
    digits = serializers.IntegerField()
    expires_in = serializers.IntegerField(help_text="Seconds for which the code can be used.")


class PhoneActAnswer(serializers.Serializer[object]):
    """The number of the act."""

    act = serializers.IntegerField()


class DeskPhoneCodesView(APIView):
    """Codes to new telephones of people at the desk."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(
        *(NotFound, NameDiffers, NoAccountOfTheirOwn),
        *(TooMany, PhoneNotServed, NoMoreCodes, SendingFailed),
    )
    @extend_schema(
        operation_id="prove_phone_at_desk", request=DeskPhoneInput, responses={202: DeskCodeSent}
    )
    def post(self, request: Request) -> Response:
        """Send a code to the new telephone; the person reads it to the officer."""
        given = DeskPhoneInput(data=request.data)
        given.is_valid(raise_exception=True)
        started = begin_at_desk(
            account=account_of(request),
            shown=given.shown(),
            phone=given.validated_data["phone"],
            address=client.address(request),
            at=timezone.now(),
        )
        sent = {
            "login": started.login,
            "digits": started.digits,
            "expires_in": int(logins.CODE_LIFE.total_seconds()),
        }
        return Response(sent, status=status.HTTP_202_ACCEPTED)


class DeskPhonesView(APIView):
    """Telephones that officers changed."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(
        *(NotFound, NameDiffers, NoAccountOfTheirOwn),
        *(TooMany, PhoneInUse),
    )
    @extend_schema(
        operation_id="change_phone_at_desk",
        request=DeskChangeInput,
        responses={201: PhoneActAnswer},
    )
    def post(self, request: Request) -> Response:
        """Change the telephone of the person's account, as an officer's act."""
        given = DeskChangeInput(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            act = change_phone_at_desk(
                account=account_of(request),
                shown=given.shown(),
                new=given.new(),
                ground=given.validated_data["ground"],
                address=client.address(request),
                at=timezone.now(),
            )
        except InvalidInput as refusal:
            # An answer, because an exception would take back the count of wrong codes.
            return refused(refusal)
        return Response({"act": act.pk}, status=status.HTTP_201_CREATED)
