"""The HTTP interface for the progress of a recomputation."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsOfficer
from healthcode.colours.models import Recomputation, RecomputationState
from healthcode.colours.selectors import recomputation


class RecomputationAnswer(serializers.ModelSerializer[Recomputation]):
    """How far a recomputation has come; `people_found` is null until the people are counted."""

    state = serializers.ChoiceField(choices=RecomputationState.choices)

    class Meta:
        model = Recomputation
        fields = (
            "state",
            "people_found",
            "people_done",
            "people_changed",
            "started_at",
            "finished_at",
        )


class RecomputationView(APIView):
    """The progress of a recomputation, which decides many people's colours anew."""

    permission_classes = [IsOfficer]

    @extend_schema(responses=RecomputationAnswer)
    def get(self, request: Request, recomputation_id: int) -> Response:
        """Return the state and the numbers of people as of now."""
        row: Any = RecomputationAnswer(recomputation(recomputation_id))
        return Response(row.data, headers={"Cache-Control": "no-store"})
