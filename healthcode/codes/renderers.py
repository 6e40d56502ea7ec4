"""Answer with pictures of codes."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer


class PictureRenderer(BaseRenderer):
    """Passes the bytes of a picture on. A refusal stays a problem document in JSON."""

    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return bytes unchanged, and everything else as JSON."""
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
