"""Pictures of codes as answers of the HTTP interface."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer


class PictureRenderer(BaseRenderer):
    """Passes the bytes of a picture on; a refusal stays the problem document that it is."""

    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """See the class."""
        return data if isinstance(data, bytes) else JSONRenderer().render(data)


class PngRenderer(PictureRenderer):
    """A picture to look at or to paste."""

    media_type = "image/png"
    format = "png"


class SvgRenderer(PictureRenderer):
    """A picture to print in any size."""

    media_type = "image/svg+xml"
    format = "svg"


class PdfRenderer(PictureRenderer):
    """A page to print."""

    media_type = "application/pdf"
    format = "pdf"
