"""Local codes for visitors over the HTTP interface."""

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import limits
from accounts.permissions import IsResident, account_of
from healthcode.codes.errors import DoesNotSign
from healthcode.core import Colour
from healthcode.visitor_codes.errors import LocalAlready, NotConvertible
from healthcode.visitor_codes.services import convert
from healthcode.web.errors import TooMany
from healthcode.web.fields import StrictSerializer
from healthcode.web.refusals import refuses
from verifier.serializers import CodeField

CONVERSIONS: Final = limits.Limit("conversion", most=60, within=timedelta(hours=1))


class ConversionInput(StrictSerializer):
    """A code as the visitor's phone shows it."""

    code = CodeField()


class ConversionOutput(serializers.Serializer[Any]):
    """The local code, ready for a QR picture. Ask for a new one before it expires."""

    code = serializers.CharField()
    colour = serializers.ChoiceField([colour.label for colour in Colour])
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class ConversionView(APIView):
    """For visitors who log in here. Nothing about them or their code is stored."""

    permission_classes = (IsResident,)

    @refuses(NotConvertible, LocalAlready, TooMany, DoesNotSign)
    @extend_schema(request=ConversionInput, responses=ConversionOutput)
    def post(self, request: Request) -> Response:
        """Give a local code for a code of another province."""
        given = ConversionInput(data=request.data)
        given.is_valid(raise_exception=True)
        account = account_of(request)
        at = timezone.now()
        limits.take([(CONVERSIONS, str(account.pk))], at=at)
        local = convert(text=given.validated_data["code"], at=at)
        answer = ConversionOutput(
            {
                "code": local.code,
                "colour": local.colour.label,
                "issued_at": local.issued_at,
                "expires_at": local.expires_at,
            }
        )
        return Response(answer.data, headers={"Cache-Control": "no-store"})
