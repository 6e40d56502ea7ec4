"""The HTTP interface for guardianships that officers end."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.holder_errors import (
    LastGuardian,
    NameDiffers,
)
from accounts.idempotency import answered_once
from accounts.models import IdentityProof, Relation
from accounts.permissions import IsOfficer, account_of
from healthcode.officers.documents import ShownDocumentInput
from healthcode.officers.guardians.services import end_at_desk, guardians_at_desk
from healthcode.web.errors import NotFound, TooMany
from healthcode.web.refusals import refuses


class GuardianAtDesk(serializers.Serializer[object]):
    """Somebody who looks after the person; the telephone is masked."""

    id = serializers.IntegerField()
    relation = serializers.ChoiceField(choices=Relation.choices)
    since = serializers.DateTimeField()
    proof = serializers.ChoiceField(choices=IdentityProof.choices, allow_null=True)
    phone = serializers.CharField(allow_null=True)


class EndingInput(ShownDocumentInput):
    """A person as in the document, and the guardianship that is to end."""

    guardianship = serializers.IntegerField(min_value=1)


class EndingAnswer(serializers.Serializer[object]):
    """The number of the act."""

    act = serializers.IntegerField()


class GuardiansAtDeskView(APIView):
    """Who looks after the person of a document."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(NotFound, NameDiffers, TooMany)
    @extend_schema(
        operation_id="see_guardians",
        request=ShownDocumentInput,
        responses=GuardianAtDesk(many=True),
    )
    def post(self, request: Request) -> Response:
        """List them. This is a look, which the person sees."""
        given = ShownDocumentInput(data=request.data)
        given.is_valid(raise_exception=True)
        known = guardians_at_desk(
            account=account_of(request),
            shown=given.shown(),
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
        return Response(GuardianAtDesk(known, many=True).data)


class EndedGuardianshipsView(APIView):
    """Guardianships that officers ended."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(NotFound, NameDiffers, LastGuardian)
    @extend_schema(
        operation_id="end_guardianship", request=EndingInput, responses={201: EndingAnswer}
    )
    def post(self, request: Request) -> Response:
        """End one of them, as an officer's act; whoever loses the person is told."""
        given = EndingInput(data=request.data)
        given.is_valid(raise_exception=True)
        act = end_at_desk(
            account=account_of(request),
            shown=given.shown(),
            guardianship=given.validated_data["guardianship"],
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
        return Response({"act": act.pk}, status=status.HTTP_201_CREATED)
