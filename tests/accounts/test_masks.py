"""What is shown of names, numbers and phones; and how names and phones are written."""

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
    ],
)
def test_phones_have_one_spelling(typed: str, number: str) -> None:
    assert phones.normalise(typed) == number


@pytest.mark.parametrize(
    "typed",
    ["", "1380013800", "138001380001", "12800138000", "+8612800138000", "51234567", "+0123456789",
     "+1234567890123456", "+86", "phone", "138001380\x0000", "+١٢٣٤٥٦٧٨٩"],
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
    ],
)
def test_names_have_one_spelling(typed: str, name: str) -> None:
    assert names.normalise(typed) == name


@pytest.mark.parametrize(
    "typed", ["", "  ", "123", "***", "张\x00三", "张\ud800", "\u202e张三", "a" * 65]
)
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        names.normalise(typed)
