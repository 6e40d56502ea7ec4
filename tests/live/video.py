"""A film of a QR code, for Chromium's fake camera to play."""

from pathlib import Path

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

WIDTH, HEIGHT = 640, 480
FRAMES_A_SECOND = 10
FRAMES = 10
GREY = 128
MARGIN = 10


def write_film(path: Path, picture: Image.Image) -> None:
    """Write the film as raw YUV4MPEG2 (I420): half a second of empty desk, then half of `picture`.

    Chromium plays it in a loop (`--use-file-for-fake-video-capture`) and does not mirror it. It
    reads frame by frame: a film of the same length, written over the playing one, is seen from the
    next frame on.
    """
    empty = _frame(Image.new("L", (WIDTH, HEIGHT), GREY))
    shown = _frame(_on_a_desk(picture))
    header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n"
    path.touch()
    with path.open("r+b") as film:
        film.write(header.encode())
        for number in range(FRAMES):
            film.write(empty if number < FRAMES // 2 else shown)


def picture_of(text: str, box_size: int = 6) -> Image.Image:
    """Return the QR picture of a text. A module is `box_size` pixels wide."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, box_size=box_size, border=4)
    code.add_data(text)
    return code.make_image().get_image()


def on_a_desk(*pictures: tuple[Image.Image, tuple[int, int]], size: int) -> Image.Image:
    """Return a frame with pictures of one size, each centred at its place."""
    desk = Image.new("L", (WIDTH, HEIGHT), GREY)
    for picture, (x, y) in pictures:
        small = picture.convert("L").resize((size, size), Image.Resampling.LANCZOS)
        desk.paste(small, (x - size // 2, y - size // 2))
    return desk


def _on_a_desk(picture: Image.Image) -> Image.Image:
    if picture.size == (WIDTH, HEIGHT):
        return picture.convert("L")
    grey = picture.convert("L")
    grey.thumbnail((WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN), Image.Resampling.LANCZOS)
    desk = Image.new("L", (WIDTH, HEIGHT), GREY)
    desk.paste(grey, ((WIDTH - grey.width) // 2, (HEIGHT - grey.height) // 2))
    return desk


def _frame(luma: Image.Image) -> bytes:
    """Return one frame: the picture's brightness, and no colour."""
    chroma = bytes([GREY]) * (WIDTH // 2 * HEIGHT // 2)
    return b"FRAME\n" + luma.tobytes() + chroma + chroma
