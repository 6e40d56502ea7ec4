"""Draw QR pictures of codes on the server, for paper and for browsers without script."""

import io
from typing import Final

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

MODULE_PIXELS: Final = 10
QUIET_ZONE: Final = 4
"""White modules around the symbol (ISO/IEC 18004, 9.1)."""

Matrix = list[list[bool]]


def modules(code: str) -> Matrix:
    """Return the dark modules of a code's QR symbol, without the quiet zone.

    Level M, in alphanumeric mode. Base45 uses only characters of this mode, which keeps the symbol
    small.
    """
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    symbol.add_data(code, optimize=0)
    symbol.make(fit=True)
    return [[bool(module) for module in row] for row in symbol.get_matrix()]


def png(code: str) -> bytes:
    """Draw a black and white PNG with `MODULE_PIXELS` a module, quiet zone included."""
    matrix = modules(code)
    side = len(matrix) + 2 * QUIET_ZONE
    picture = Image.new("1", (side, side), 1)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                picture.putpixel((x + QUIET_ZONE, y + QUIET_ZONE), 0)
    large = picture.resize((side * MODULE_PIXELS, side * MODULE_PIXELS), Image.Resampling.NEAREST)
    file = io.BytesIO()
    large.save(file, "PNG", optimize=True)
    return file.getvalue()


def svg(code: str) -> bytes:
    """Draw an SVG of one path with one unit a module, quiet zone included."""
    matrix = modules(code)
    side = len(matrix) + 2 * QUIET_ZONE
    path = "".join(
        f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h{length}v1h-{length}z" for x, y, length in runs(matrix)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path d="{path}"/></svg>'
    ).encode()


def runs(matrix: Matrix) -> list[tuple[int, int, int]]:
    """Return the dark modules as horizontal runs (x, y, length).

    A run is drawn as one rectangle; single modules would leave hairlines between them.
    """
    found: list[tuple[int, int, int]] = []
    for y, row in enumerate(matrix):
        start: int | None = None
        for x, dark in enumerate([*row, False]):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                found.append((start, y, x - start))
                start = None
    return found
