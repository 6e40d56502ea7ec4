"""The HTTP interface for the officers' statistics."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsOfficer, account_of
from healthcode.areas.selectors import names
from healthcode.officers.statistics.selectors import ALL, Table, colours_by_county


class FiguresOutput(serializers.Serializer[Any]):
    """Numbers of people by colour; null if a number could reveal a group smaller than `least`."""

    green = serializers.IntegerField(allow_null=True)
    yellow = serializers.IntegerField(allow_null=True)
    red = serializers.IntegerField(allow_null=True)
    all = serializers.IntegerField(allow_null=True)


class CountyOutput(FiguresOutput):
    """The figures of one county, or of a city for people who gave only their city."""

    code = serializers.CharField()
    name = serializers.CharField()


class StatisticsOutput(serializers.Serializer[Any]):
    """How many people have which colour now, by the county in which they live."""

    at = serializers.DateTimeField()
    least = serializers.IntegerField(help_text="Smaller groups are hidden.")
    total = FiguresOutput(help_text="All counties of this issuer together.")
    counties = CountyOutput(many=True)


@method_decorator(never_cache, name="dispatch")
class StatisticsView(APIView):
    """How many people have which colour, by county."""

    permission_classes = [IsOfficer]

    @extend_schema(operation_id="colour_statistics", responses=StatisticsOutput)
    def get(self, request: Request) -> Response:
        """Return the figures of the officer's counties, and the sum over all counties."""
        account = account_of(request)
        table = colours_by_county()
        return Response(StatisticsOutput(_answer(table, table.for_officer(account))).data)


def _answer(table: Table, codes: list[str]) -> dict[str, object]:
    known = names(set(codes))
    return {
        "at": timezone.now(),
        "least": settings.STATISTICS_MIN_GROUP,
        "total": table.row(ALL),
        "counties": [
            {"code": code, "name": known.get(code, code), **table.row(code)} for code in codes
        ],
    }
