"""A film of a QR code, for Chromium's fake camera to play (`--use-file-for-fake-video-capture`)."""

from pathlib import Path

import qrcode
import qrcode.constants
from PIL import Image

WIDTH, HEIGHT = 640, 480
FRAMES_A_SECOND = 10
GREY = 128


def write_film(path: Path, text: str, *, seconds: int = 2) -> None:
    """Write the film as raw YUV4MPEG2: half a second of an empty desk, then the code.

    Chromium plays it again and again. The picture is not mirrored.
    """
    empty = _frame(Image.new("L", (WIDTH, HEIGHT), GREY))
    shown = _frame(_picture(text))
    count = seconds * FRAMES_A_SECOND
    header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n"
    with path.open("wb") as film:
        film.write(header.encode())
        for number in range(count):
            film.write(empty if number < FRAMES_A_SECOND // 2 else shown)


def _picture(text: str) -> Image.Image:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=6, border=4)
    code.add_data(text)
    code.make(fit=True)
    picture = code.make_image().get_image().convert("L")
    side = min(HEIGHT - 20, picture.width)
    if side < picture.width:
        picture = picture.resize((side, side), Image.Resampling.LANCZOS)
    desk = Image.new("L", (WIDTH, HEIGHT), GREY)
    desk.paste(picture, ((WIDTH - side) // 2, (HEIGHT - side) // 2))
    return desk


def _frame(luma: Image.Image) -> bytes:
    """One I420 frame without colour."""
    chroma = bytes([GREY]) * (WIDTH // 2 * HEIGHT // 2)
    return b"FRAME\n" + luma.tobytes() + chroma + chroma
