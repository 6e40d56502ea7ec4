"""Say over the HTTP interface where a person lives now."""

from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import (
    EndedArea,
    ProofNeeded,
    UnknownArea,
)
from accounts.holder_errors import MovedOften
from accounts.permissions import IsResident, account_of
from accounts.selectors import known_person
from accounts.serializers import PersonOutput
from healthcode.residents.home.services import move_home
from healthcode.web.fields import StrictSerializer
from healthcode.web.refusals import refuses


class HomeInput(StrictSerializer):
    """The code of the division in which the person lives now."""

    home_area = serializers.CharField(max_length=64)


@method_decorator(never_cache, name="dispatch")
class HomeView(APIView):
    """Where a person lives."""

    permission_classes = [IsResident]

    @refuses(ProofNeeded, UnknownArea, EndedArea, MovedOften)
    @extend_schema(operation_id="move_home", request=HomeInput, responses=PersonOutput)
    def put(self, request: Request, person_id: int) -> Response:
        """Store the new home. The colour stays; the old home counts for 28 more days."""
        given = HomeInput(data=request.data)
        account = account_of(request)
        given.is_valid(raise_exception=True)
        home_area = given.validated_data["home_area"]
        move_home(account=account, person_id=person_id, home_area=home_area, at=timezone.now())
        return Response(PersonOutput(known_person(account, person_id)).data)
