"""Masks for names, numbers and phones, and the one spelling of names and phones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import masks, names, phones
from healthcode.web.errors import InvalidInput


@pytest.mark.parametrize(
    ("full", "masked"),
    [
        ("张三", "张*"),
        ("张小明", "张*"),
        ("欧阳小明", "欧*"),
        ("买买提·吐尔逊", "买*"),
        ("𠮷田", "𠮷*"),
        ("John Smith", "J*** S***"),
        ("Ana María López García", "A*** G***"),
        ("Ёлкин Жан", "Ё*** Ж***"),
        ("Suharto", "S***"),
        ("김철수", "김*"),
        ("龘", "龘*"),
        ("买买提江·阿不都热合曼", "买*"),
        ("葛\U000e0100城", "葛*"),
        ("\U0002ebf0小明", "\U0002ebf0*"),
        ("王\U00031350", "王*"),
        ("\U000323b0\U000323b1", "\U000323b0*"),
        ("გიორგი მაისურაძე", "გ***"),
        ("", "*"),
        (" ", "*"),
    ],
)
def test_names_at_the_door(full: str, masked: str) -> None:
    assert masks.name(full) == masked


@given(st.text(max_size=200))
def test_a_masked_name_fits_a_code(full: str) -> None:
    assert len(masks.name(full).encode(errors="surrogatepass")) <= masks.MOST_NAME_BYTES


@given(st.text(alphabet=st.characters(categories=["L", "M"]), min_size=2, max_size=40))
def test_a_masked_name_shows_at_most_one_character_of_each_word(word: str) -> None:
    assert masks.name(word).rstrip("*") == word[0]


@pytest.mark.parametrize(
    ("full", "masked"),
    [
        ("330106199003070019", "3***************19"),
        ("E12345678", "E******78"),
        ("AB12", "****"),
        ("AB123", "*****"),
    ],
)
def test_numbers(full: str, masked: str) -> None:
    assert masks.number(full) == masked


def test_phones_show_their_last_two_digits() -> None:
    assert masks.phone("+8613800138012") == "*********12"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("138-0013-8000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("+852 5123 4567", "+85251234567"),
        ("+44 (20) 7946 0958", "+442079460958"),
        ("8613800138000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("（＋８６）138 0013 8000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("\u202d138 0013 8000\u202c", "+8613800138000"),
        ("\ufeff138\u200b0013\u00a08000\r\n", "+8613800138000"),
    ],
)
def test_phones_have_one_spelling(typed: str, number: str) -> None:
    assert phones.normalise(typed) == number


@pytest.mark.parametrize(
    "typed",
    ["", "1380013800", "138001380001", "12800138000", "+8612800138000", "51234567", "+0123456789",
     "+1234567890123456", "+86", "phone",
     "8612800138000", "868613800138000", "86138001380001", "+8602112345678", "１٣٨00138000",
     "138001380\x0000", "+١٢٣٤٥٦٧٨٩"],
)  # fmt: skip
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        phones.normalise(typed)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("张三", "张三"),
        (" 张 三 ", "张 三"),
        ("John\tSmith", "John Smith"),
        ("Jose\u0301", "José"),
        ("买买提·吐尔逊", "买买提·吐尔逊"),
        ("O'Neil-Jr. 2nd", "O'Neil-Jr. 2nd"),
        ("王\u200b伟", "王伟"),
        ("\ufeff王伟", "王伟"),
        ("王伟\u200e", "王伟"),
        ("\u2060王\u00ad伟\u200d", "王伟"),
        ("王\u3000伟\u00a0", "王 伟"),
        ("\U0002ebf0小明", "\U0002ebf0小明"),
        ("王\U00031350", "王\U00031350"),
        ("王\U000323b0", "王\U000323b0"),
        ("\U0003fffd", "\U0003fffd"),
        ("𠮷田", "𠮷田"),
        ("龘", "龘"),
        ("买买提江·阿不都热合曼", "买买提江·阿不都热合曼"),
        ("葛\U000e0100城", "葛\U000e0100城"),
        ("葛\ufe00城", "葛\ufe00城"),
    ],
)
def test_names_have_one_spelling(typed: str, name: str) -> None:
    assert names.normalise(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        *("", "  ", "123", "１２３", "***", "。·、", "\u200b", "a" * 65),
        *("张\x00三", "张\ud800", "\u202e张三", "张\x1b三", "张\x84三", "张三\u2066"),
        *("张\ufff9三", "张\ufffd", "张\U000e0041三"),
    ],
)
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        names.normalise(typed)
