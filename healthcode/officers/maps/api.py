"""The HTTP interface for the risk map: anybody reads it, officers publish it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authority import normalise_code
from accounts.errors import OutsideYourArea, invalid
from accounts.idempotency import answered_once
from accounts.permissions import IsOfficer, account_of
from healthcode.acts.grounds import GroundKind
from healthcode.acts.models import Proposal
from healthcode.acts.waiting import WaitingAnswer, waiting_answer
from healthcode.areas.errors import EndedArea, InvalidMap, UnknownArea
from healthcode.areas.maps import lines_of_csv, lines_of_json, read_map
from healthcode.areas.pages import instant_of
from healthcode.areas.selectors import map_on
from healthcode.colours.errors import NoPolicy
from healthcode.evidence.fields import MOMENT
from healthcode.officers.maps.serializers import (
    MapAnswer,
    MapFrame,
    MapInput,
    PreviewAnswer,
    PublicationAnswer,
    map_answer,
    preview_answer,
    publication_answer,
)
from healthcode.officers.maps.services import preview_map, publish_map
from healthcode.web.parsers import StrictJSONParser
from healthcode.web.refusals import refuses

FRESH_SECONDS: Final = 10
FRAME: Final[Mapping[str, OpenApiTypes | dict[str, Any]]] = {
    "effective_from": dict(MOMENT),
    "ground_kind": {"type": "string", "enum": GroundKind.values},
    "ground": OpenApiTypes.STR,
    "whole_of": OpenApiTypes.STR,
}
PUBLISHED_OR_PREVIEWED: Final = PolymorphicProxySerializer(
    component_name="PublicationOrPreview",
    serializers=[PublicationAnswer, PreviewAnswer],
    resource_type_field_name=None,
)


@dataclass(frozen=True, slots=True)
class CsvBody:
    """The bytes of a `text/csv` body; `areas.maps` reads them."""

    data: bytes


class CsvParser(BaseParser):
    """Parser for `text/csv` that keeps the body as bytes."""

    media_type = "text/csv"

    def parse(  # type: ignore[override]  # the stubs know of bodies that are forms only
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> CsvBody:
        """Return the whole body; the web room has limited its size before."""
        return CsvBody(stream.read())


class LevelsView(APIView):
    """The map of risk levels."""

    def get_permissions(self) -> Sequence[BasePermission]:
        """Let anybody read, and only officers publish."""
        return [AllowAny()] if self.request.method in {"GET", "HEAD"} else [IsOfficer()]

    def get_parsers(self) -> list[BaseParser]:
        """Accept a map as JSON or CSV."""
        return [StrictJSONParser(), CsvParser()]

    @refuses(UnknownArea)
    @extend_schema(
        auth=[],
        parameters=[
            OpenApiParameter("on", dict(MOMENT), description="A day in Shanghai, or an instant"),
            OpenApiParameter(
                "within", OpenApiTypes.STR, description="Only this area and all areas in it"
            ),
        ],
        responses=MapAnswer,
    )
    def get(self, request: Request) -> Response:
        """Return the map on a day (without `on`: now), and what changed since the map before."""
        try:
            on = instant_of(request.query_params.get("on") or None, at=timezone.now())
        except ValueError as error:
            sentence = _(
                "Give a date such as 2020-02-24, or a time with its UTC offset such as "
                "2020-02-24T08:30:00+08:00."
            )
            raise invalid("/on", sentence) from error
        within = request.query_params.get("within", "")
        code = normalise_code(within, pointer="/within") if within else ""
        response = Response(map_answer(map_on(on=on, within=code)))
        patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
        return response

    @answered_once
    @refuses(UnknownArea, EndedArea, InvalidMap, OutsideYourArea, NoPolicy)
    @extend_schema(
        request={"application/json": MapInput, "text/csv": OpenApiTypes.STR},
        parameters=[
            OpenApiParameter(
                "preview", OpenApiTypes.BOOL, description="Only count people; publish nothing"
            ),
            *(
                OpenApiParameter(name, kind, description="Only with a CSV body")
                for name, kind in FRAME.items()
            ),
        ],
        responses={200: PUBLISHED_OR_PREVIEWED, 202: WaitingAnswer},
    )
    def put(self, request: Request) -> Response:
        """Publish a map, or with `preview=true` return what publishing it would do."""
        given = _body(request)
        query = request.query_params.dict()
        is_preview = _is_preview(query.pop("preview", ""))
        if isinstance(given, CsvBody):
            frame: MapFrame = MapFrame(data=query)
        else:
            _refuse_unknown(query)
            frame = MapInput(data=given)
        frame.is_valid(raise_exception=True)
        values = frame.validated_data
        lines = (
            lines_of_csv(given.data)
            if isinstance(given, CsvBody)
            else lines_of_json(values["levels"])
        )
        arguments = {
            "account": account_of(request),
            "effective_from": values["effective_from"],
            "whole_of": values["whole_of"],
            "levels": read_map(
                lines, whole_of=values["whole_of"], effective_from=values["effective_from"]
            ),
            "at": timezone.now(),
        }
        if is_preview:
            return Response(preview_answer(preview_map(**arguments)))
        published = publish_map(**arguments, ground=values["ground"])
        if isinstance(published, Proposal):
            return waiting_answer(published)
        return Response(publication_answer(published))


def _body(request: Request) -> Any:
    """Return the parsed body. The framework calls no parser for an empty CSV file."""
    data = request.data
    is_csv = str(request.content_type).startswith(CsvParser.media_type)
    return CsvBody(b"") if is_csv and not isinstance(data, CsvBody) else data


def _is_preview(text: str) -> bool:
    """Return whether only a preview is wanted.

    Raises:
        InvalidInput: the value is neither true nor false, so a typing error publishes nothing.
    """
    answers = {"": False, "false": False, "0": False, "true": True, "1": True}
    if text.lower() not in answers:
        raise invalid("/preview", _("This must be true or false."))
    return answers[text.lower()]


def _refuse_unknown(query: Mapping[str, str]) -> None:
    """Refuse unknown members of the query, because a misspelt `preview` would publish the map."""
    for name in query:
        raise invalid(f"/{name}", _("This member is not known here."))
