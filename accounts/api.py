"""The interface for logging in, and for the people of an account."""

from datetime import timedelta

from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import client, devices, logins, selectors, services, sign_ins
from accounts.errors import (
    AccountClosed,
    DocumentAlreadyRegistered,
    EndedArea,
    NoMoreCodes,
    PhoneNotServed,
    SelfAlreadyRegistered,
    SendingFailed,
    StepUpLocked,
    StepUpNeeded,
    StepUpOver,
    UnknownArea,
    WrongCode,
    WrongDocument,
)
from accounts.event_models import AccountEventKind
from accounts.models import Token
from accounts.permissions import IsResident, account_of
from accounts.serializers import (
    LoggedIn,
    LoginInput,
    NotMeInput,
    OtpInput,
    OtpSent,
    OwnDevice,
    PersonInput,
    PersonOutput,
    SignIn,
    StepUpInput,
)
from healthcode.web.errors import TooMany
from healthcode.web.refusals import refuses

SECOND = timedelta(seconds=1)


@method_decorator(never_cache, name="dispatch")
class OtpView(APIView):
    """Begin a login: send a one-time code to a phone."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @refuses(TooMany, PhoneNotServed, NoMoreCodes, SendingFailed)
    @extend_schema(operation_id="send_otp", request=OtpInput, responses={202: OtpSent})
    def post(self, request: Request) -> Response:
        """Send it; the answer is the same whether or not the phone number is known."""
        given = OtpInput(data=request.data)
        given.is_valid(raise_exception=True)
        device = given.validated_data.get("device")
        started = logins.start_login(
            phone=given.validated_data["phone"],
            address=client.address(request),
            device_tokens=[device] if device else [],
            at=timezone.now(),
        )
        sent = {
            "login": started.login,
            "digits": started.digits,
            "expires_in": logins.CODE_LIFE // SECOND,
            "resend_after": logins.RESEND.within // SECOND,
        }
        return Response(sent, status=202)


@method_decorator(never_cache, name="dispatch")
class LoginView(APIView):
    """Exchange a one-time code for a token."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @refuses(WrongCode, AccountClosed, StepUpNeeded, TooMany)
    @extend_schema(operation_id="login", request=LoginInput, responses=LoggedIn)
    def post(self, request: Request) -> Response:
        """Log in; after five wrong codes this login ends, but no login that others began."""
        given = LoginInput(data=request.data)
        given.is_valid(raise_exception=True)
        done = logins.log_in(
            **given.validated_data,
            address=client.address(request),
            kind=devices.kind_of(request),
            at=timezone.now(),
        )
        return Response(LoggedIn(done).data)


@method_decorator(never_cache, name="dispatch")
class StepUpView(APIView):
    """Prove that an account is one's own, where a call answered `step-up-needed`."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @refuses(WrongDocument, StepUpLocked, StepUpOver, AccountClosed)
    @extend_schema(operation_id="step_up", request=StepUpInput, responses=LoggedIn)
    def post(self, request: Request) -> Response:
        """Finish the login; after five wrong answers only a known device or a desk helps."""
        given = StepUpInput(data=request.data)
        given.is_valid(raise_exception=True)
        done = logins.finish_login(
            step_up_text=given.validated_data["step_up"],
            document_last4=given.validated_data["document_last4"],
            kind=devices.kind_of(request),
            at=timezone.now(),
        )
        return Response(LoggedIn(done).data)


@method_decorator(never_cache, name="dispatch")
class NotMeView(APIView):
    """Begin an account of one's own with a telephone that somebody else had before."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @refuses(StepUpOver, AccountClosed)
    @extend_schema(operation_id="not_me", request=NotMeInput, responses=LoggedIn)
    def post(self, request: Request) -> Response:
        """Make the account and log in; the other account no longer has this telephone."""
        given = NotMeInput(data=request.data)
        given.is_valid(raise_exception=True)
        done = logins.begin_anew(
            step_up_text=given.validated_data["step_up"],
            kind=devices.kind_of(request),
            at=timezone.now(),
        )
        return Response(LoggedIn(done).data)


class TokenView(APIView):
    """The token of this request."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="logout", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Revoke it at once."""
        if isinstance(request.auth, Token):
            kind, at = AccountEventKind.LOGGED_OUT, timezone.now()
            services.revoke_token(token=request.auth, kind=kind, at=at)
        return Response(status=204)


@method_decorator(never_cache, name="dispatch")
class DevicesView(APIView):
    """The devices with which the caller's account has logged in."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="list_own_devices", responses=OwnDevice(many=True))
    def get(self, request: Request) -> Response:
        """List them, those used last first."""
        here = request.auth.device_id if isinstance(request.auth, Token) else None
        rows = devices.devices_of(account_of(request))
        shown = [{**vars(row), "is_this": row.pk == here} for row in rows]
        return Response(OwnDevice(shown, many=True).data)

    @extend_schema(operation_id="end_other_devices", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Log out everywhere, except for the device and the token of this call."""
        token = request.auth if isinstance(request.auth, Token) else None
        keep = token.device if token else None
        devices.end_other_devices(
            account=account_of(request), keep=keep, token=token, at=timezone.now()
        )
        return Response(status=204)


class DeviceView(APIView):
    """One of these devices."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="end_device", responses={204: None})
    def delete(self, request: Request, own_device: int) -> Response:
        """Log it out at once."""
        devices.end_device(account=account_of(request), device_id=own_device, at=timezone.now())
        return Response(status=204)


@method_decorator(never_cache, name="dispatch")
class SignInsView(APIView):
    """What happened to the login of the caller's account."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="list_own_sign_ins", responses=SignIn(many=True))
    def get(self, request: Request) -> Response:
        """List the newest 100 rows of the last 90 days, the newest first."""
        return Response(SignIn(sign_ins.events_of(account_of(request)), many=True).data)


@method_decorator(never_cache, name="dispatch")
class PeopleView(APIView):
    """The account's holder and the people that the holder looks after."""

    permission_classes = [IsResident]

    @extend_schema(operation_id="list_people", responses=PersonOutput(many=True))
    def get(self, request: Request) -> Response:
        """List all of them, masked, the holder first."""
        return Response(PersonOutput(selectors.people_of(account_of(request)), many=True).data)

    @refuses(UnknownArea, EndedArea, DocumentAlreadyRegistered, SelfAlreadyRegistered, TooMany)
    @extend_schema(
        operation_id="register_person", request=PersonInput, responses={201: PersonOutput}
    )
    def post(self, request: Request) -> Response:
        """Register yourself or somebody you look after."""
        given = PersonInput(data=request.data)
        given.is_valid(raise_exception=True)
        account = account_of(request)
        person = services.register_person(
            account=account, **given.validated_data, at=timezone.now()
        )
        return Response(PersonOutput(selectors.known_person(account, person.id)).data, status=201)
