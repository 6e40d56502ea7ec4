"""Let a second guardian join over the HTTP interface."""

from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import client, devices, guardian_codes, step_up
from accounts.errors import (
    ProofNeeded,
    SelfAlreadyRegistered,
    StepUpNeeded,
)
from accounts.holder_errors import (
    AlreadyLookedAfter,
    GuardianCodeExpired,
    GuardianCodeUsed,
    GuardianCodeWithdrawn,
    HasAHolder,
    OwnGuardianCode,
    WrongGuardianCode,
)
from accounts.models import IdentityProof, Relation
from accounts.permissions import IsResident, account_of
from accounts.selectors import known_person, other_guardians
from accounts.serializers import PersonOutput
from healthcode.evidence.claims import person_proven_to
from healthcode.web.errors import TooMany
from healthcode.web.fields import StrictSerializer
from healthcode.web.refusals import refuses


class JoinInput(StrictSerializer):
    """A guardian code as typed, and what the person is to whoever enters it."""

    code = serializers.CharField(max_length=64)
    relation = serializers.ChoiceField(
        choices=Relation.choices,
        error_messages={"invalid_choice": _("Choose one of: self, child, parent, other.")},
    )


class OtherGuardianAnswer(serializers.Serializer[object]):
    """That another account looks after the person; it does not say which."""

    since = serializers.DateTimeField()
    proof = serializers.ChoiceField(choices=IdentityProof.choices, allow_null=True)


class GuardianCodeAnswer(serializers.Serializer[object]):
    """A code that the service shows once, and that works once."""

    code = serializers.CharField(help_text="Such as 7K3M-9QXT. Keep it secret.")
    expires_at = serializers.DateTimeField()


@method_decorator(never_cache, name="dispatch")
class GuardiansView(APIView):
    """Who else looks after a person."""

    permission_classes = [IsResident]

    @refuses(ProofNeeded)
    @extend_schema(operation_id="list_other_guardians", responses=OtherGuardianAnswer(many=True))
    def get(self, request: Request, person_id: int) -> Response:
        """List the other accounts without naming them, the longest first."""
        account = account_of(request)
        person = person_proven_to(account, person_id)
        others = other_guardians(account, person.pk)
        return Response(OtherGuardianAnswer(others, many=True).data)


@method_decorator(never_cache, name="dispatch")
class GuardianCodeView(APIView):
    """The code by which one more account can look after a person."""

    permission_classes = [IsResident]

    @refuses(ProofNeeded, StepUpNeeded, TooMany)
    @extend_schema(
        operation_id="make_guardian_code", request=None, responses={201: GuardianCodeAnswer}
    )
    def post(self, request: Request, person_id: int) -> Response:
        """Make a code for one hour; an earlier one of this account ends."""
        account, at = account_of(request), timezone.now()
        person = person_proven_to(account, person_id)
        step_up.require_recent(account=account, device=devices.here(request), at=at)
        made = guardian_codes.make_code(account=account, person_id=person.pk, at=at)
        return Response(GuardianCodeAnswer(made).data, status=201)

    @refuses(ProofNeeded)
    @extend_schema(operation_id="withdraw_guardian_code", responses={204: None})
    def delete(self, request: Request, person_id: int) -> Response:
        """End the open code of this account, if there is one."""
        account = account_of(request)
        person = person_proven_to(account, person_id)
        guardian_codes.withdraw_code(account=account, person_id=person.pk)
        return Response(status=204)


@method_decorator(never_cache, name="dispatch")
class JoinView(APIView):
    """Look after somebody whose guardian has made a code."""

    permission_classes = [IsResident]

    @refuses(
        WrongGuardianCode,
        GuardianCodeUsed,
        GuardianCodeWithdrawn,
        GuardianCodeExpired,
        OwnGuardianCode,
        AlreadyLookedAfter,
        HasAHolder,
        SelfAlreadyRegistered,
        TooMany,
    )
    @extend_schema(operation_id="join_guardian", request=JoinInput, responses={201: PersonOutput})
    def post(self, request: Request) -> Response:
        """Join with the code, which works once."""
        given = JoinInput(data=request.data)
        given.is_valid(raise_exception=True)
        account = account_of(request)
        person = guardian_codes.join(
            account=account,
            code=given.validated_data["code"],
            relation=Relation(given.validated_data["relation"]),
            address=client.address(request),
            at=timezone.now(),
        )
        return Response(PersonOutput(known_person(account, person.pk)).data, status=201)
