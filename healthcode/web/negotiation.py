"""Choose the parser for the body of a call and the renderer for its answer."""

from collections.abc import Iterable
from typing import Final

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_ANY: Final = frozenset({"", "*/*"})


class Negotiation(DefaultContentNegotiation):
    """Choose as the framework does, but decide the usual case without parsing headers.

    In the usual case the client sends the first media type that the view reads, and accepts
    anything.
    """

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the first parser that reads the body's media type; None when there is none."""
        first = next(iter(parsers))
        if request.content_type == first.media_type:
            return first
        return super().select_parser(request, parsers)

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return a renderer and a media type that the caller accepts. Raises NotAcceptable."""
        first = next(iter(renderers))
        accepted = request.META.get("HTTP_ACCEPT", "")
        if not format_suffix and (accepted in _ANY or accepted == first.media_type):
            return first, str(first.media_type)
        chosen: tuple[BaseRenderer, str] = super().select_renderer(
            request, renderers, format_suffix
        )
        return chosen
