"""A scanner's library reads the pictures of codes."""

import io
import re
from datetime import timedelta

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from healthcode.codes import card, pictures
from healthcode.codes.services import IssuedCode
from healthcode.core import Colour, Kind
from tests.codes.conftest import NOON

pytestmark = pytest.mark.clock

# All characters of Base45, in codes of several lengths, including the longest allowed.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
DATES = (
    *("2026年2月24日12:00", "24 February 2026, 12:00"),
    *("2026年3月10日12:00", "10 March 2026, 12:00"),
)
CODES = ["JK1:" + (ALPHABET * 7)[:length] for length in (45, 250, 307)]


def read(picture: Image.Image) -> str:
    """Return the text of the only code in a picture."""
    (found,) = zxingcpp.read_barcodes(picture)
    return found.text


@pytest.mark.parametrize("code", CODES)
def test_a_png_reads_as_the_code(code: str) -> None:
    assert read(Image.open(io.BytesIO(pictures.png(code)))) == code


@pytest.mark.parametrize("code", CODES)
def test_an_svg_has_the_same_modules(code: str) -> None:
    drawing = pictures.svg(code).decode()
    matrix = pictures.modules(code)
    side = len(matrix) + 2 * pictures.QUIET_ZONE
    assert f'viewBox="0 0 {side} {side}"' in drawing
    dark = {
        (int(x) + n - pictures.QUIET_ZONE, int(y) - pictures.QUIET_ZONE)
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", drawing)
        for n in range(int(length))
    }
    assert dark == {(x, y) for y, row in enumerate(matrix) for x, on in enumerate(row) if on}


def test_a_symbol_is_of_level_m_and_alphanumeric() -> None:
    """311 characters fit version 10 at level M only in alphanumeric mode."""
    assert len(pictures.modules(CODES[-1])) == 57
    assert len(pictures.modules(CODES[-1] + "0")) == 61
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(pictures.png(CODES[-1]))))
    assert found.ec_level == "M"


def issued(colour: Colour, holder: str) -> IssuedCode:
    return IssuedCode(
        code=CODES[-1],
        kind=Kind.PAPER,
        person=1,
        colour=colour,
        holder=holder,
        issued_at=NOON,
        expires_at=NOON + timedelta(days=14),
        refresh_after=NOON + timedelta(days=7),
        until=None,
        reasons=(),
    )


@pytest.mark.parametrize(
    ("colour", "chinese", "english"),
    [
        (Colour.GREEN, "绿码", "Green code"),
        (Colour.YELLOW, "黄码", "Yellow code"),
        (Colour.RED, "红码", "Red code"),
    ],
)
def test_a_card_says_it_in_words_and_reads_as_the_code(
    colour: Colour, chinese: str, english: str
) -> None:
    (page,) = pypdfium2.PdfDocument(card.pdf(issued(colour, "张*")))
    text = page.get_textpage().get_text_bounded()
    for words in (chinese, english, "张*", *DATES, "CN-33"):
        assert words in text
    assert read(page.render(scale=3).to_pil()) == CODES[-1]


def test_a_card_carries_its_font() -> None:
    document = card.pdf(issued(Colour.GREEN, "张*"))
    assert b"NotoSansSC-Medium" in document
    assert b"/FontFile2" in document
    assert b"STSong" not in document


@pytest.mark.parametrize("holder", ["曌*", "𠮷*", "J*** S***", "Ø***", "م*"])
def test_a_rare_name_spoils_no_card(holder: str) -> None:
    (page,) = pypdfium2.PdfDocument(card.pdf(issued(Colour.GREEN, holder)))
    assert "绿码" in page.get_textpage().get_text_bounded()
