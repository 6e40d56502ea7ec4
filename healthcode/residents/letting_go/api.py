"""Let go over the HTTP interface of a person whom one looks after."""

from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.guardians import let_go
from accounts.holder_errors import (
    LastGuardian,
    OwnPerson,
)
from accounts.permissions import IsResident, account_of
from healthcode.web.refusals import refuses


@method_decorator(never_cache, name="dispatch")
class OwnGuardianshipView(APIView):
    """That the caller's account looks after a person."""

    permission_classes = [IsResident]

    @refuses(LastGuardian, OwnPerson)
    @extend_schema(operation_id="let_go_of_person", request=None, responses={204: None})
    def delete(self, request: Request, person_id: int) -> Response:
        """End it; refused while nobody else is proven to look after the person."""
        let_go(account=account_of(request), person_id=person_id, at=timezone.now())
        return Response(status=204)
