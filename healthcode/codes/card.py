"""Draw the printed card on A4 paper: a code for people without a phone, in Chinese and English.

The card names the colour and draws its shape as well, so that a black and white printer is enough.
"""

import io
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from reportlab.lib.colors import Color, HexColor, black, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from healthcode.codes import pictures
from healthcode.codes.services import IssuedCode
from healthcode.codes.words import CODE_WORDS
from healthcode.core import Colour
from healthcode.web.days import write_instant

FONT_FILE: Final = Path(__file__).parent / "fonts" / "NotoSansSC-Medium-GB2312.ttf"
FONT: Final = "NotoSansSC"
RARE_FONT: Final = "STSong-Light"
"""The PDF does not embed this font; the card uses it for rare characters in names."""

NO_GLYPH: Final = "〓"
"""Printed for a character that neither font has: the geta mark, as printers set it."""

WIDTH, HEIGHT = 100 * mm, 144 * mm
LEFT, BOTTOM = (A4[0] - WIDTH) / 2, A4[1] - HEIGHT - 24 * mm
BAND = 26 * mm
QR_SIDE = 72 * mm
QUIET_INK: Final = HexColor("#4b5a52")

# Paper and ink of each colour, the same as on the screen.
BANDS: Final[dict[Colour, tuple[Color, Color]]] = {
    Colour.GREEN: (HexColor("#0b7a3b"), white),
    Colour.YELLOW: (HexColor("#ffc400"), HexColor("#221a00")),
    Colour.RED: (HexColor("#c4161c"), white),
}


def pdf(issued: IssuedCode) -> bytes:
    """Return the card of a paper code: a PDF of one page with its font embedded."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=True)
    canvas.setTitle(f"{settings.ISSUER} {_in('zh-hans', _('Health code'))}")
    canvas.setAuthor(settings.ISSUER)
    canvas.translate(LEFT, BOTTOM)
    _draw_frame(canvas)
    _draw_band(canvas, issued.colour)
    _draw_code(canvas, issued.code)
    _draw_facts(canvas, issued)
    _draw_advice(canvas)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


@cache
def _font() -> TTFont:
    """Register both fonts at the first call, and return the card's own."""
    font = TTFont(FONT, str(FONT_FILE))
    pdfmetrics.registerFont(font)
    pdfmetrics.registerFont(UnicodeCIDFont(RARE_FONT))
    return font


def _draw_frame(canvas: Canvas) -> None:
    """Draw a dashed line to cut along."""
    canvas.setStrokeColor(QUIET_INK)
    canvas.setDash(2, 2)
    canvas.rect(0, 0, WIDTH, HEIGHT)
    canvas.setDash()


def _draw_band(canvas: Canvas, colour: Colour) -> None:
    paper, ink = BANDS[colour]
    word = CODE_WORDS[colour]
    canvas.setFillColor(paper)
    canvas.rect(0, HEIGHT - BAND, WIDTH, BAND, stroke=0, fill=1)
    _draw_shape(canvas, colour, 17 * mm, HEIGHT - BAND / 2, ink=ink, paper=paper)
    canvas.setFillColor(ink)
    _write(canvas, 34 * mm, HEIGHT - 13.5 * mm, _in("zh-hans", word), size=30)
    _write(canvas, 34 * mm, HEIGHT - 21.5 * mm, _in("en", word), size=15)


def _draw_shape(
    canvas: Canvas, colour: Colour, x: float, y: float, *, ink: Color, paper: Color
) -> None:
    """Draw a tick in a circle, an exclamation mark in a triangle, or a cross in a square."""
    radius = 9.5 * mm
    canvas.saveState()
    canvas.translate(x, y)
    canvas.setFillColor(ink)
    canvas.setStrokeColor(paper)
    canvas.setLineWidth(2.6 * mm)
    canvas.setLineCap(1)
    canvas.setLineJoin(1)
    path = canvas.beginPath()
    if colour is Colour.GREEN:
        canvas.circle(0, 0, radius, stroke=0, fill=1)
        _polyline(path, [(-4.6, -0.2), (-1.4, -3.6), (4.8, 3.6)])
    elif colour is Colour.YELLOW:
        triangle = canvas.beginPath()
        _polyline(triangle, [(0, 9.8), (10.6, -8.4), (-10.6, -8.4)])
        triangle.close()
        canvas.drawPath(triangle, stroke=0, fill=1)
        _polyline(path, [(0, 3.4), (0, -2.2)])
        _polyline(path, [(0, -5.7), (0, -5.7)])
    else:
        canvas.rect(-radius, -radius, 2 * radius, 2 * radius, stroke=0, fill=1)
        _polyline(path, [(-4.5, -4.5), (4.5, 4.5)])
        _polyline(path, [(-4.5, 4.5), (4.5, -4.5)])
    canvas.drawPath(path, stroke=1, fill=0)
    canvas.restoreState()


def _polyline(path: PDFPathObject, points: list[tuple[float, float]]) -> None:
    """Draw a line through `points`, in millimetres."""
    (x, y), *rest = points
    path.moveTo(x * mm, y * mm)
    for x, y in rest:
        path.lineTo(x * mm, y * mm)


def _draw_code(canvas: Canvas, code: str) -> None:
    matrix = pictures.modules(code)
    module = QR_SIDE / (len(matrix) + 2 * pictures.QUIET_ZONE)
    top = HEIGHT - BAND - 1 * mm - pictures.QUIET_ZONE * module
    left = (WIDTH - QR_SIDE) / 2 + pictures.QUIET_ZONE * module
    canvas.setFillColor(black)
    for x, y, length in pictures.runs(matrix):
        canvas.rect(
            left + x * module, top - (y + 1) * module, length * module, module, stroke=0, fill=1
        )


def _draw_facts(canvas: Canvas, issued: IssuedCode) -> None:
    """Draw the masked name and the dates, labels and dates in both languages."""
    facts = [
        (_("Holder"), issued.holder, ""),
        (_("Issued"), *_instants(issued.issued_at)),
        (_("Valid until"), *_instants(issued.expires_at)),
        (_("Issued by"), settings.ISSUER, ""),
    ]
    y = 39.5 * mm
    for label, value, english in facts:
        canvas.setFillColor(QUIET_INK)
        _write(canvas, 10 * mm, y, f"{_in('zh-hans', label)} {_in('en', label)}", size=9.5)
        canvas.setFillColor(black)
        _write(canvas, 46 * mm, y, value, size=13)
        _write(canvas, 46 * mm, y - 3.5 * mm, english, size=7.5)
        y -= 8.6 * mm if english else 5.8 * mm


def _instants(at: datetime) -> tuple[str, str]:
    return write_instant(at, "zh-hans"), write_instant(at, "en")


def _draw_advice(canvas: Canvas) -> None:
    advice = _("If the colour changes, this card is no longer valid. Please print a new one.")
    canvas.setFillColor(black)
    _write(canvas, 10 * mm, 9 * mm, _in("zh-hans", advice), size=9.5)
    _write(canvas, 10 * mm, 4.5 * mm, _in("en", advice), size=7)


def _write(canvas: Canvas, x: float, y: float, text: str, *, size: float) -> None:
    if _has_glyphs(text):
        canvas.setFont(FONT, size)
        canvas.drawString(x, y, text)
    else:
        canvas.setFont(RARE_FONT, size)
        canvas.drawString(x, y, "".join(c if ord(c) <= 0xFFFF else NO_GLYPH for c in text))


def _has_glyphs(text: str) -> bool:
    glyphs = _font().face.charToGlyph
    return all(ord(character) in glyphs for character in text)


def _in(language: str, text: Promise) -> str:
    with translation.override(language):
        return str(text)
