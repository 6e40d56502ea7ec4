"""Prove over the HTTP interface that one may look after a person."""

from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.errors import ProofNeeded
from accounts.permissions import IsResident, account_of
from accounts.selectors import known_person
from accounts.serializers import PersonOutput
from healthcode.web.errors import TooMany
from healthcode.web.refusals import refuses


@method_decorator(never_cache, name="dispatch")
class PersonProofView(APIView):
    """The proof that the account may look after a person."""

    permission_classes = [IsResident]

    @refuses(ProofNeeded, TooMany)
    @extend_schema(operation_id="prove_person", request=None, responses=PersonOutput)
    def post(self, request: Request, person_id: int) -> Response:
        """Ask the real-name check again; refused while it does not know what was registered."""
        account = account_of(request)
        if not services.ask_again(account=account, person_id=person_id, at=timezone.now()):
            raise ProofNeeded
        return Response(PersonOutput(known_person(account, person_id)).data)
