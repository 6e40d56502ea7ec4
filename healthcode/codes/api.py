"""The code of a person, over the HTTP interface."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Account
from accounts.permissions import IsResident
from healthcode.codes import serializers, services
from healthcode.codes.serializers import CodeQuery, IssuedCodeSerializer


class CodeView(APIView):
    """A fresh code of somebody the account looks after."""

    permission_classes = [IsResident]

    @extend_schema(parameters=[CodeQuery], responses=IssuedCodeSerializer)
    def get(self, request: Request, person: int) -> Response:
        """Sign the person's colour of this moment."""
        kind = CodeQuery(data=request.query_params).validated_kind()
        issued = services.issue_code(
            account=_account(request), person_id=person, kind=kind, at=timezone.now()
        )
        return Response(serializers.document(issued), headers={"Cache-Control": "no-store"})


def _account(request: Request) -> Account:
    account = request.user
    assert isinstance(account, Account)  # noqa: S101  the permission class saw to it
    return account
