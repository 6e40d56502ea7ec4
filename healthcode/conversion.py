"""A local code for a visitor: verify what another province signed, sign a short-lived one here.

For doors that know local codes alone. It lies above both rooms, since who verifies may not sign.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import limits
from accounts.models import Account
from accounts.permissions import IsResident
from healthcode.codes.services import VisitorCode, issue_visitor_code
from healthcode.core import Colour, HealthCode, Outcome, Reason, Rules, Verdict
from healthcode.web.errors import Refusal
from healthcode.web.fields import StrictSerializer
from verifier.serializers import CodeField
from verifier.trust import knowledge

CONVERSIONS: Final = limits.Limit("conversion", most=60, within=timedelta(hours=1))
_WORTH: Final = {Outcome.PASS: Colour.GREEN, Outcome.CAUTION: Colour.YELLOW}


class NotConvertible(Refusal):
    """The code would not get anybody in here, for the reason that a door would name."""

    slug = "not-convertible"
    status = 422
    title = _("No local code for this code")

    def __init__(self, reason: Reason) -> None:
        super().__init__(
            _(
                "This code is not accepted here, so there is no local code for it. Open it again "
                "in the service that made it, and try with the fresh one."
            ),
            reason=reason.value,
        )


class LocalAlready(Refusal):
    """A code of this issuer needs no conversion, and would only live longer by it."""

    slug = "local-already"
    status = 422
    title = _("This is a local code already")


def convert(*, text: str, at: datetime) -> VisitorCode:
    """A local live code in place of another issuer's, never longer alive than that.

    Its colour is what the other's is worth here. What is known too poorly to let anybody in is
    not converted, as the local code would look well known.

    Raises:
        NotConvertible, LocalAlready: there is nothing to convert.
        DoesNotSign, NoPolicy: no local code can be made now.
    """
    now = int(at.timestamp())
    verdict = knowledge.current().judge(text, rules=Rules(), at=now, now=now)
    code = _admitted(verdict)
    if code.issuer == settings.ISSUER:
        raise LocalAlready(_("Show this code as it is; every door here knows it."))
    ends_at = datetime.fromtimestamp(code.expires_at, UTC)
    if ends_at <= at + timedelta(seconds=1):
        raise NotConvertible(Reason.EXPIRED)
    colour = _WORTH[verdict.outcome]
    return issue_visitor_code(colour=colour, holder=code.holder, ends_at=ends_at, at=at)


def _admitted(verdict: Verdict) -> HealthCode:
    """The code, genuine and worth something here. Raises NotConvertible."""
    is_stale = verdict.reason is Reason.STALE_DATA
    if verdict.code is None or verdict.outcome not in _WORTH or is_stale:
        raise NotConvertible(verdict.reason)
    return verdict.code


class ConversionInput(StrictSerializer):
    """A code as another province's phone shows it."""

    code = CodeField()


class ConversionOutput(serializers.Serializer[Any]):
    """The local code, for a QR picture as it is; ask again before it expires."""

    code = serializers.CharField()
    colour = serializers.ChoiceField([colour.name.lower() for colour in Colour])
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class ConversionView(APIView):
    """For visitors who log in here; nothing about them or their code is kept."""

    permission_classes = (IsResident,)

    @extend_schema(request=ConversionInput, responses=ConversionOutput)
    def post(self, request: Request) -> Response:
        """Give a local code for another province's."""
        given = ConversionInput(data=request.data)
        given.is_valid(raise_exception=True)
        account = request.user
        assert isinstance(account, Account)  # noqa: S101  the permission class saw to it
        at = timezone.now()
        limits.take([(CONVERSIONS, str(account.pk))], at=at)
        local = convert(text=given.validated_data["code"], at=at)
        answer = ConversionOutput(
            {
                "code": local.code,
                "colour": local.colour.name.lower(),
                "issued_at": local.issued_at,
                "expires_at": local.expires_at,
            }
        )
        return Response(answer.data, headers={"Cache-Control": "no-store"})


api = [path("conversions", ConversionView.as_view(), name="conversions")]
