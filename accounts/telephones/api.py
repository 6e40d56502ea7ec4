"""Change the telephone of one's account over the HTTP interface."""

from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import client, logins
from accounts.errors import (
    NoMoreCodes,
    PhoneNotServed,
    SendingFailed,
    StepUpNeeded,
)
from accounts.holder_errors import (
    PhoneInUse,
    PhoneJustChanged,
)
from accounts.models import Token
from accounts.permissions import IsResident, account_of
from accounts.telephones.codes import TypedCode
from accounts.telephones.services import Here, begin_change, change_phone
from healthcode.web.errors import TooMany
from healthcode.web.fields import StrictSerializer
from healthcode.web.refusals import refuses


class NewPhoneInput(StrictSerializer):
    """The new phone number, and the device if this client is known by one."""

    phone = serializers.CharField(max_length=64)
    has_old = serializers.BooleanField(
        default=True, help_text="False asks for a step-up instead of a code to the old telephone."
    )
    device = serializers.CharField(max_length=64, required=False)


class ChangeBegun(serializers.Serializer[object]):
    """The codes that were sent: one to the new telephone, one to the old one with `has_old`."""

    login = serializers.CharField(help_text="For the code to the new telephone. Keep it secret.")
    digits = serializers.IntegerField()
    old_login = serializers.CharField(
        allow_null=True, help_text="For the code to the old telephone. Keep it secret."
    )
    old_digits = serializers.IntegerField(allow_null=True)
    expires_in = serializers.IntegerField(help_text="Seconds for which both codes can be used.")


class PhoneChangeInput(StrictSerializer):
    """The new phone number with the code that it got, and the code that the old one got.

    Without `old_otp` and `old_login`, a step-up is asked for.
    """

    phone = serializers.CharField(max_length=64)
    otp = serializers.CharField(max_length=64)
    login = serializers.CharField(max_length=64)
    old_otp = serializers.CharField(max_length=64, default=None, allow_null=True)
    old_login = serializers.CharField(max_length=64, default="", allow_blank=True)


@method_decorator(never_cache, name="dispatch")
class PhoneCodesView(APIView):
    """Begin the change of one's telephone."""

    permission_classes = [IsResident]

    @refuses(TooMany, PhoneNotServed, NoMoreCodes, SendingFailed, PhoneJustChanged, StepUpNeeded)
    @extend_schema(
        operation_id="begin_phone_change", request=NewPhoneInput, responses={202: ChangeBegun}
    )
    def post(self, request: Request) -> Response:
        """Send a code to the new telephone and one to the old one."""
        given = NewPhoneInput(data=request.data)
        given.is_valid(raise_exception=True)
        device = given.validated_data.get("device")
        begun = begin_change(
            account=account_of(request),
            phone=given.validated_data["phone"],
            has_old=given.validated_data["has_old"],
            here=_here(request),
            address=client.address(request),
            device_tokens=[device] if device else [],
            at=timezone.now(),
        )
        sent = {
            "login": begun.new.login,
            "digits": begun.new.digits,
            "old_login": begun.old.login if begun.old else None,
            "old_digits": begun.old.digits if begun.old else None,
            "expires_in": int(logins.CODE_LIFE.total_seconds()),
        }
        return Response(sent, status=202)


@method_decorator(never_cache, name="dispatch")
class PhoneView(APIView):
    """The telephone of one's account."""

    permission_classes = [IsResident]

    @refuses(TooMany, PhoneInUse, PhoneJustChanged, StepUpNeeded)
    @extend_schema(operation_id="change_phone", request=PhoneChangeInput, responses={204: None})
    def put(self, request: Request) -> Response:
        """Change it; everything else that is logged in with the account ends."""
        given = PhoneChangeInput(data=request.data)
        given.is_valid(raise_exception=True)
        typed = given.validated_data
        old_otp = typed["old_otp"]
        change_phone(
            account=account_of(request),
            new=TypedCode(typed["phone"], typed["otp"], typed["login"]),
            old=None if old_otp is None else TypedCode("", old_otp, typed["old_login"]),
            here=_here(request),
            address=client.address(request),
            at=timezone.now(),
        )
        return Response(status=204)


def _here(request: Request) -> Here:
    token = request.auth if isinstance(request.auth, Token) else None
    return Here(token.device if token else None, token)
