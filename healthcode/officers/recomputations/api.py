"""Watching a recomputation over the HTTP interface."""

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
    """How far a recomputation has come; `people_found` is null until it is planned."""

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
    """A recomputation's progress."""

    permission_classes = [IsOfficer]

    @extend_schema(responses=RecomputationAnswer)
    def get(self, request: Request, recomputation_id: int) -> Response:
        """Answer with the numbers of this moment."""
        row: Any = RecomputationAnswer(recomputation(recomputation_id))
        return Response(row.data, headers={"Cache-Control": "no-store"})
