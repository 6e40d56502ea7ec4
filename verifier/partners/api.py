"""The HTTP interface for partners: tokens, verdicts and the sandbox."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import NotAuthenticated, ParseError, UnsupportedMediaType
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.client import address
from accounts.models import Account, Token
from accounts.permissions import IsPartner
from healthcode import sandbox
from healthcode.core import Rules, Verdict, verify
from healthcode.web.errors import InvalidInput, TooLarge, TooMany
from healthcode.web.refusals import refuses
from verifier.errors import InvalidClient, InvalidRequest, InvalidScope, UnsupportedGrantType
from verifier.models import PartnerCall
from verifier.partners import services as partners
from verifier.partners.serializers import (
    SandboxOutput,
    TokenInput,
    TokenOutput,
    VerificationInput,
    VerificationOutput,
    verification,
)
from verifier.recognition.trust import knowledge

GRANT_TYPE: Final = "client_credentials"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MOST_VERIFICATIONS: Final = 5000
LONGEST_TEXT: Final = 64 * 1024
"""More than a QR picture can hold, so that every text that a scanner read gets a verdict."""

_ONE_OR_MANY_CODES: Final = PolymorphicProxySerializer(
    "OneOrManyCodes",
    [VerificationInput, VerificationInput(many=True)],
    resource_type_field_name=None,
    many=False,
)
_ONE_OR_MANY_VERDICTS: Final = PolymorphicProxySerializer(
    "OneOrManyVerdicts",
    [VerificationOutput, VerificationOutput(many=True)],
    resource_type_field_name=None,
    many=False,
)


class PartnerTokenView(APIView):
    """Tokens for partners. The call is public, because the signed assertion proves who asks."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (FormParser,)

    @refuses(InvalidClient, InvalidScope, UnsupportedGrantType, InvalidRequest, TooMany)
    @extend_schema(operation_id="partner_token", request=TokenInput, responses=TokenOutput)
    def post(self, request: Request) -> Response:
        """Exchange a client assertion for a token (RFC 6749, 4.4; RFC 7523)."""
        given = _parameters(request)
        if given.get("grant_type", GRANT_TYPE) != GRANT_TYPE:
            raise UnsupportedGrantType
        if (
            "grant_type" not in given
            or given.get("client_assertion_type") != ASSERTION_TYPE
            or "client_assertion" not in given
        ):
            raise InvalidRequest
        now = timezone.now()
        granted = partners.grant(
            assertion=given["client_assertion"],
            scope=given.get("scope", ""),
            sender=address(request),
            at=now,
        )
        return Response(
            {
                "access_token": granted.token,
                "token_type": "Bearer",
                "expires_in": int((granted.expires_at - now).total_seconds()),
                "scope": " ".join(granted.scopes),
            },
            headers={"Cache-Control": "no-store"},
        )


def _parameters(request: Request) -> dict[str, str]:
    """Return the parameters of a token request. Empty ones count as absent (RFC 6749, 3.2).

    Raises:
        InvalidRequest: the body is not a form, or has a parameter twice.
    """
    try:
        form = request.data
    except (ParseError, UnsupportedMediaType, TooManyFieldsSent) as error:
        raise InvalidRequest from error
    # Without a body the framework calls no parser, so `form` may be a plain dict.
    if not isinstance(form, QueryDict) or any(len(values) > 1 for _name, values in form.lists()):
        raise InvalidRequest
    return {str(name): str(value) for name, value in form.items() if value}


class _PartnerView(APIView):
    """A call that counts against the partner's quota and is recorded."""

    permission_classes = (IsPartner,)
    scope: ClassVar[str]

    def take(self, request: Request, codes: int) -> PartnerCall:
        """Count and record a call about `codes` codes. Raises Forbidden, TooMany."""
        account, token = request.user, request.auth
        if not isinstance(account, Account) or not isinstance(token, Token):
            raise NotAuthenticated
        return partners.take(
            account=account,
            token_scope=token.scope,
            scope=self.scope,
            codes=codes,
            at=timezone.now(),
        )


class VerificationView(_PartnerView):
    """Verdicts for partners. Nothing is recorded about the person."""

    scope = partners.VERIFY

    @refuses(TooMany)
    @extend_schema(request=_ONE_OR_MANY_CODES, responses=_ONE_OR_MANY_VERDICTS)
    def post(self, request: Request) -> Response:
        """Judge one code, or a list of codes. The verdicts are in the same order."""
        codes = _codes(request.data)
        call = self.take(request, len(codes))
        known, rules = knowledge.current(), Rules()
        now = int(timezone.now().timestamp())
        verdicts = [known.judge(code, rules=rules, at=now, now=now) for code in codes]
        return _answer(call, request, codes, verdicts)


class SandboxVerificationView(_PartnerView):
    """Verdicts on specimens, from a verifier that trusts only the sandbox's issuer."""

    scope = partners.SANDBOX

    @refuses(TooMany)
    @extend_schema(
        operation_id="sandbox_verifications",
        request=_ONE_OR_MANY_CODES,
        responses=_ONE_OR_MANY_VERDICTS,
    )
    def post(self, request: Request) -> Response:
        """Judge specimens exactly as `/api/v1/verifications` judges codes."""
        codes = _codes(request.data)
        call = self.take(request, len(codes))
        now = int(timezone.now().timestamp())
        trust, status = sandbox.knowledge(at=now)
        verdicts = [
            verify(code, trust=trust, status=status, rules=Rules(), at=now) for code in codes
        ]
        return _answer(call, request, codes, verdicts)


class SandboxView(_PartnerView):
    """The sandbox's specimens, and the keys and list with which a partner can judge them itself."""

    scope = partners.SANDBOX

    @refuses(TooMany)
    @extend_schema(operation_id="sandbox", responses=SandboxOutput)
    def get(self, request: Request) -> Response:
        """Return fresh specimens, good and bad, each with the verdict to expect."""
        self.take(request, 1)
        now = int(timezone.now().timestamp())
        (name,) = sandbox.knowledge(at=now)[0].issuers
        return Response(
            {
                "issuer": name,
                "keys": sandbox.key_set(),
                "status_list": b64encode(sandbox.status_list(at=now)).decode(),
                "specimens": [
                    {
                        "name": specimen.name,
                        "code": specimen.code,
                        "outcome": specimen.outcome.value,
                        "reason": specimen.reason.value,
                    }
                    for specimen in sandbox.specimens(at=now)
                ],
            },
            headers={"Cache-Control": "no-store"},
        )


def _codes(data: Any) -> list[str]:
    """Read the codes of a request. Raises InvalidInput, ValidationError, TooLarge."""
    if not isinstance(data, list):
        one = VerificationInput(data=data)
        one.is_valid(raise_exception=True)
        code = str(one.validated_data["code"])
        if len(code) > LONGEST_TEXT:
            raise TooLarge(_("This text is too long to come from a QR code."))
        return [code]
    if not 0 < len(data) <= MOST_VERIFICATIONS:
        raise InvalidInput(
            _("Send between 1 and %(most)s codes at a time.") % {"most": MOST_VERIFICATIONS}
        )
    texts = [{"code": item} if isinstance(item, str) else item for item in data]
    many = VerificationInput(data=texts, many=True)
    many.is_valid(raise_exception=True)
    return [item["code"] for item in many.validated_data]


def _answer(
    call: PartnerCall, request: Request, codes: Sequence[str], verdicts: Sequence[Verdict]
) -> Response:
    """Count the verdicts and answer with them: one for one code, a list for a list."""
    partners.answered(call, (verdict.outcome for verdict in verdicts))
    told = [verification(verdict, code) for verdict, code in zip(verdicts, codes, strict=True)]
    return Response(told if isinstance(request.data, list) else told[0])
