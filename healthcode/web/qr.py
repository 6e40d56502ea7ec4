"""QR pictures that a page shows to another phone's camera."""

from io import BytesIO

import qrcode
from django.utils.safestring import SafeString, mark_safe
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage


def inline_picture(text: str) -> SafeString:
    """Return the QR picture of a text as inline SVG, quiet zone included."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    picture = BytesIO()
    code.make_image(image_factory=SvgPathImage).save(picture)
    svg = picture.getvalue().decode().partition("?>")[2]
    return mark_safe(svg)  # noqa: S308 - drawn here, from squares only
