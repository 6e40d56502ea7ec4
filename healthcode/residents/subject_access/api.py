"""Export or erase a person's data over the HTTP interface."""

from typing import Any

from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import devices, step_up
from accounts.corrections import Corrected
from accounts.errors import ProofNeeded, StepUpNeeded
from accounts.models import Role
from accounts.permissions import IsResident, account_of
from healthcode.acts.grounds import GroundKind
from healthcode.acts.kinds import LookKind
from healthcode.acts.looks import looks_export
from healthcode.acts.told import KINDS, acts_about, told_act
from healthcode.colours.errors import NoPolicy
from healthcode.evidence.claims import person_proven_to
from healthcode.residents.subject_access.erasure import erase_at_request
from healthcode.residents.subject_access.errors import StillNeeded
from healthcode.residents.subject_access.export import export
from healthcode.web.fields import StrictSerializer
from healthcode.web.refusals import refuses


class ErasureInput(StrictSerializer):
    """The number of the person once more, so that a wrong address erases nobody."""

    person = serializers.IntegerField()

    def validate_person(self, value: int) -> int:
        """Refuse a number that differs from the one in the address."""
        if value != self.context["person"]:
            raise serializers.ValidationError(
                _("This is not the person in the address of the request.")
            )
        return value


class ErasureAnswer(serializers.Serializer[Any]):
    """The act that records the erasure, which is all that is left."""

    act = serializers.IntegerField()


@method_decorator(never_cache, name="dispatch")
class ExportView(APIView):
    """Everything that the service knows about a person."""

    permission_classes = [IsResident]

    @refuses(NoPolicy, ProofNeeded, StepUpNeeded)
    @extend_schema(operation_id="export_person", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, person_id: int) -> Response:
        """Return all of it, unmasked, to accounts that look after the person."""
        account, at = account_of(request), timezone.now()
        person = person_proven_to(account, person_id)
        step_up.require_recent(account=account, device=devices.here(request), at=at)
        return Response(
            export(person.pk, at=at),
            headers={"Content-Disposition": f'attachment; filename="person-{person.pk}.json"'},
        )


class LookAnswer(serializers.Serializer[Any]):
    """That somebody looked at the person's data. It does not name whoever looked."""

    at = serializers.DateTimeField()
    role = serializers.ChoiceField(choices=Role.values)
    area = serializers.CharField(help_text="The area of the office; empty for the whole country.")
    what = serializers.ChoiceField(choices=LookKind.choices)
    ground_kind = serializers.ChoiceField(choices=GroundKind.choices)
    ground = serializers.CharField(
        allow_null=True, help_text="The ground in words; null where it is about somebody else."
    )


@method_decorator(never_cache, name="dispatch")
class LooksView(APIView):
    """Who looked at a person's data."""

    permission_classes = [IsResident]

    @refuses(ProofNeeded)
    @extend_schema(responses=LookAnswer(many=True))
    def get(self, request: Request, person_id: int) -> Response:
        """Return the latest 200 looks, the latest first.

        Some looks appear only after up to 14 days, because an inquiry is not finished.
        """
        person = person_proven_to(account_of(request), person_id)
        return Response(looks_export(person.pk, timezone.now()))


class ToldActAnswer(serializers.Serializer[Any]):
    """An act about the person's registration. It does not name whoever acted."""

    act = serializers.IntegerField(help_text="Its number in the public log.")
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=KINDS)
    role = serializers.ChoiceField(choices=Role.values)
    area = serializers.CharField(help_text="The area of the office; empty for the whole country.")
    corrected = serializers.ListField(
        child=serializers.ChoiceField(choices=Corrected.values),
        help_text="What was corrected; empty for acts that correct nothing.",
    )
    ground_kind = serializers.ChoiceField(choices=GroundKind.choices)
    ground = serializers.CharField()


@method_decorator(never_cache, name="dispatch")
class ToldActsView(APIView):
    """Who changed a person's registration."""

    permission_classes = [IsResident]

    @refuses(ProofNeeded)
    @extend_schema(operation_id="list_acts_about", responses=ToldActAnswer(many=True))
    def get(self, request: Request, person_id: int) -> Response:
        """Return the latest 200 acts, the latest first."""
        person = person_proven_to(account_of(request), person_id)
        return Response([told_act(act) for act in acts_about(person.pk)])


class ErasureView(APIView):
    """Erase a person for good."""

    permission_classes = [IsResident]

    @refuses(StillNeeded, NoPolicy, ProofNeeded, StepUpNeeded)
    @extend_schema(operation_id="erase_person", request=ErasureInput, responses=ErasureAnswer)
    def post(self, request: Request, person_id: int) -> Response:
        """Erase everything; refused while the colour is not green or will change."""
        account = account_of(request)
        person = person_proven_to(account, person_id)
        given = ErasureInput(data=request.data, context={"person": person_id})
        given.is_valid(raise_exception=True)
        at = timezone.now()
        step_up.require_recent(account=account, device=devices.here(request), at=at)
        act = erase_at_request(person_id=person.pk, account=account, at=at)
        return Response(ErasureAnswer({"act": act.pk}).data)
