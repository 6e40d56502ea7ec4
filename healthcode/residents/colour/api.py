"""A person's colour over the HTTP interface."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import ProofNeeded
from accounts.permissions import IsResident, account_of
from healthcode.colours.answers import ColourAnswer, colour_answer
from healthcode.colours.errors import NoPolicy
from healthcode.colours.selectors import decision_of
from healthcode.evidence.claims import person_shown_to
from healthcode.web.refusals import refuses


class ColourView(APIView):
    """The colour of yourself or of somebody you look after, with its reasons."""

    permission_classes = [IsResident]

    @refuses(NoPolicy, ProofNeeded)
    @extend_schema(responses=ColourAnswer)
    def get(self, request: Request, person_id: int) -> Response:
        """Decide the colour at this moment, with every reason."""
        at = timezone.now()
        person = person_shown_to(account_of(request), person_id, at=at)
        decision = decision_of(person.pk, at)
        return Response(colour_answer(decision), headers={"Cache-Control": "no-store"})
