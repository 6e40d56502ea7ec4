"""Which form a call's body has and which form its answer gets."""

from collections.abc import Iterable
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

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The first that reads the body's media type; None when there is none."""
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
        """The renderer and the media type that the caller accepts. Raises NotAcceptable."""
        first = next(iter(renderers))
        accepted = request.META.get("HTTP_ACCEPT", "")
        if not format_suffix and (accepted in _ANY or accepted == first.media_type):
            return first, str(first.media_type)
        chosen: tuple[BaseRenderer, str] = super().select_renderer(
            request, renderers, format_suffix
        )
        return chosen
