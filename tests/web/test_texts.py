"""Texts that people type or paste are cleaned by closed lists, in one place."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcode.core import base45
from healthcode.core.claims import INVISIBLE
from healthcode.web import texts

AROUND = st.text(st.sampled_from("\ufeff\u200b\u200e\u2060 \u00a0\u3000\t\r\n\u2028"), max_size=4)


def test_the_lists_are_of_the_marks_that_no_holder_has() -> None:
    """Every removed or replaced character except the space is on the list of docs/format.md."""
    listed = re.compile(f"[{texts.BLANKS}{texts.UNSEEN}{texts.TURNING}]")
    dropped = {code for code in range(0x110000) if listed.match(chr(code))}
    assert [code for code in dropped if not INVISIBLE.match(chr(code))] == [ord(" ")]


@given(st.text())
def test_a_line_has_no_mark_that_nobody_sees(typed: str) -> None:
    try:
        line = texts.line(typed)
    except texts.NotVisible:
        return
    assert not INVISIBLE.search(line)
    assert line == texts.line(line) == line.strip(" ")
    assert "  " not in line


@given(st.binary(min_size=1, max_size=40), AROUND, AROUND)
def test_a_code_loses_nothing_with_what_stands_around_it(
    data: bytes, before: str, after: str
) -> None:
    """Base45 never ends in a space, so every space at the end was added."""
    code = "JK1:" + base45.encode(data)
    assert texts.trimmed(f"{before}{code}{after}") == code


@pytest.mark.parametrize(
    "clean",
    [texts.trimmed, texts.line, texts.number, texts.half_width, texts.words, texts.has_letters],
)
def test_long_runs_of_blanks_are_read_in_one_go(clean: object) -> None:
    """A quadratic pattern would not end within the test's time."""
    assert callable(clean)
    assert clean("a" + " \u200b" * 1_000_000 + "b")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        *(("１２３", 123), (" 7\r\n", 7), ("", 0), ("-1", 0), ("1 2", 0), ("٣", 0), ("²", 0)),
        *(("9" * 18, 10**18 - 1), ("9" * 19, 0), ("1e3", 0), ("0x1", 0), ("1_000", 0)),
    ],
)
def test_a_whole_number_is_digits_alone(typed: str, number: int) -> None:
    assert texts.whole(typed) == number


@pytest.mark.parametrize("body", [b"a", b"\xef\xbb\xbfa"])
def test_a_byte_order_mark_is_no_text(body: bytes) -> None:
    assert texts.read_utf8(body) == "a"
    assert texts.read_utf8(b"\xef\xbb\xbf" + b"\xef\xbb\xbfa") == "\ufeffa"


@pytest.mark.parametrize(
    ("text", "has"),
    [
        *(("王", True), ("\U0003ffff", True), ("\ue863", True), ("a1", True), ("😀", False)),
        *(("123", False), ("·", False), ("１２", False), ("\ufe00", False), ("", False)),
    ],
)
def test_letters_are_what_is_no_sign(text: str, has: bool) -> None:
    assert texts.has_letters(text) is has
