"""Which form a call's body has and which form its answer gets."""

from collections.abc import Sequence
from typing import Final

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_ANY: Final = frozenset({"", "*/*"})


class Negotiation(DefaultContentNegotiation):
    """As the framework's; the answer for nearly every call is found without taking headers apart.

    Most calls send what the view reads, and take whatever it gives.
    """

    def select_parser(self, request: Request, parsers: Sequence[BaseParser]) -> BaseParser | None:
        """The first that reads the body's media type; None when there is none."""
        if request.content_type == parsers[0].media_type:
            return parsers[0]
        return super().select_parser(request, parsers)

    def select_renderer(
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """The renderer and the media type that the caller accepts. Raises NotAcceptable."""
        renderer = renderers[0]
        accepted = request.META.get("HTTP_ACCEPT", "")
        if not request.META["QUERY_STRING"] and (
            accepted in _ANY or accepted == renderer.media_type
        ):
            return renderer, str(renderer.media_type)
        return super().select_renderer(request, renderers, format_suffix)
