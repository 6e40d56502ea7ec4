"""Which numbers each type of document can have, and the one spelling of each."""

from datetime import date

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from accounts import identity
from accounts.models import IdType
from healthcode.web.errors import InvalidInput
from tests.accounts.people import resident_number

TODAY = date(2026, 11, 22)
GOOD = "330106199003070014"


def test_the_example_is_what_the_helper_makes() -> None:
    assert resident_number() == GOOD


SPELLINGS = [
    ("10", GOOD, GOOD),
    ("10", "11010519491231002X", "11010519491231002X"),
    ("10", "11010519491231002x", "11010519491231002X"),
    ("10", "11010519491231002Ｘ", "11010519491231002X"),
    ("10", "３３０１０６１９９００３０７００１４", GOOD),
    ("10", " 330106 19900307 0014\u200b", GOOD),
    ("10", "330106-19900307-0014", GOOD),
    # An ended division still counts, and a division may be younger than the person.
    ("10", resident_number("330103", "20191231"), resident_number("330103", "20191231")),
    ("10", resident_number("330114", "19500101"), resident_number("330114", "19500101")),
    # Residence permits for people of Hong Kong, Macao and Taiwan have numbers of the same form.
    ("10", "810000199408230021", "810000199408230021"),
    ("10", resident_number("820000", "19550228"), resident_number("820000", "19550228")),
    ("10", resident_number("830000", "19550228"), resident_number("830000", "19550228")),
    # The cards of people who were born in an ended county keep its code.
    *(
        ("10", resident_number(area, "19550228"), resident_number(area, "19550228"))
        for area in ("412723", "332522", "460033", "110110")
    ),
    ("10", f"\u202d{GOOD}\u202c\r\n", GOOD),
    ("10", "330106－19900307—0014", GOOD),
    ("14", "H12345678", "H12345678"),
    ("14", "m12345678", "M12345678"),
    ("14", "H1234567801", "H12345678"),
    ("15", "12345678", "12345678"),
    ("15", "1234567801", "12345678"),
    ("15", "1234567801b", "12345678"),
    ("16", "L12345678", "L12345678"),
    ("16", "1234567", "1234567"),
    ("20", "e12345678", "E12345678"),
    ("20", "C01X00T47", "C01X00T47"),
    ("34", "can110187012301", "CAN110187012301"),
    ("34", "911124198108030024", "911124198108030024"),
    ("99", "浙A-1234", None),
    ("99", "ab-1234", "AB1234"),
]


@pytest.mark.parametrize(("id_type", "typed", "number"), SPELLINGS)
def test_spellings_become_one(id_type: str, typed: str, number: str | None) -> None:
    if number is None:
        with pytest.raises(InvalidInput):
            identity.parse(id_type, typed, on=TODAY)
    else:
        expected = identity.Document(IdType(id_type), number)
        assert identity.parse(id_type, typed, on=TODAY) == expected


IMPOSSIBLE = [
    ("11", GOOD, "/id_type", "types of document"),
    ("", GOOD, "/id_type", "types of document"),
    ("10", "", "/id_number", "18 characters"),
    ("10", GOOD[:-1], "/id_number", "18 characters"),
    ("10", GOOD + "1", "/id_number", "18 characters"),
    ("10", "X" + GOOD[1:], "/id_number", "18 characters"),
    ("10", "330106900307001", "/id_number", "old form"),
    ("10", "330106199003070013", "/id_number", "check digit"),
    ("10", "330160199003070014", "/id_number", "check digit"),
    ("10", resident_number(born="19900230"), "/id_number", "does not exist"),
    ("10", resident_number(born="20261123"), "/id_number", "cannot be right"),
    ("10", resident_number(born="18951231"), "/id_number", "cannot be right"),
    ("10", resident_number(born="19551301"), "/id_number", "does not exist"),
    ("10", resident_number(born="19550229"), "/id_number", "does not exist"),
    ("10", resident_number(area="840000"), "/id_number", "first six digits"),
    ("10", resident_number(area="830100"), "/id_number", "first six digits"),
    ("10", GOOD.replace("3", "३"), "/id_number", "18 characters"),
    ("10", resident_number(area="999999"), "/id_number", "first six digits"),
    ("10", resident_number(area="339999"), "/id_number", "first six digits"),
    ("14", "A12345678", "/id_number", "H or M"),
    ("14", "H123456789", "/id_number", "H or M"),
    ("15", "1234567", "/id_number", "8 digits"),
    ("15", "T12345678", "/id_number", "8 digits"),
    ("16", "123456", "/id_number", "7 to 10"),
    ("20", "E123", "/id_number", "5 to 9"),
    ("20", "ABCDEFGH", "/id_number", "5 to 9"),
    ("20", "E1234567890", "/id_number", "5 to 9"),
    ("34", "CA1110187012301", "/id_number", "3 letters"),
    ("34", "911124198108030023", "/id_number", "check digit"),
    ("34", resident_number("911124", "20150230"), "/id_number", "does not exist"),
    ("99", "A1", "/id_number", "4 to 32"),
    ("99", "A" * 33, "/id_number", "4 to 32"),
    ("99", "AB12\x00\ud800", "/id_number", "4 to 32"),
    # Some programs turn these upper-case letters into A to Z.
    ("14", "ſ12345678", "/id_number", "H or M"),
    ("20", "ı12345678", "/id_number", "5 to 9"),
]


@pytest.mark.parametrize(("id_type", "typed", "pointer", "sentence"), IMPOSSIBLE)
def test_impossible_numbers_are_refused(
    id_type: str, typed: str, pointer: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        identity.parse(id_type, typed, on=TODAY)
    [fault] = refusal.value.members["errors"]  # type: ignore[misc]  # one fault
    assert fault["pointer"] == pointer
    assert sentence in str(fault["detail"])


@pytest.mark.parametrize(
    ("id_type", "number", "born"),
    [
        (IdType.RESIDENT_CARD, "11010519491231002X", date(1949, 12, 31)),
        (IdType.FOREIGN_PERMANENT_RESIDENCE, "911124198108030024", date(1981, 8, 3)),
        (IdType.FOREIGN_PERMANENT_RESIDENCE, "DEU110101640812", None),
        (IdType.HONG_KONG_MACAO_PERMIT, "H12345678", None),
        (IdType.PASSPORT, "C01X00T47", None),
    ],
)
def test_birth_dates_are_in_the_numbers_of_the_mainland(
    id_type: IdType, number: str, born: date | None
) -> None:
    assert identity.birth_date(id_type, number) == born


def test_every_type_is_shown_above_with_a_possible_and_an_impossible_number() -> None:
    assert {id_type for id_type, _, number in SPELLINGS if number} == set(IdType.values)
    assert {id_type for id_type, *_ in IMPOSSIBLE} >= set(IdType.values)


def test_who_names_no_type_is_told_them_all_in_their_language() -> None:
    with override("en"):
        assert str(identity.UNKNOWN_TYPE).endswith(f"document: {', '.join(IdType.values)}.")
    with override("zh-hans"):
        assert str(identity.UNKNOWN_TYPE) == f"请选择证件类型：{'、'.join(IdType.values)}。"


@given(st.data())
def test_any_one_mistyped_digit_is_noticed(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 16))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != GOOD[place]]))
    with pytest.raises(InvalidInput):
        identity.parse("10", GOOD[:place] + digit + GOOD[place + 1 :], on=TODAY)


@given(
    born=st.dates(date(1900, 1, 1), TODAY),
    sequence=st.integers(0, 999),
    area=st.sampled_from(["110105", "330106", "330103", "810000"]),
    gaps=st.lists(st.integers(0, 18), max_size=4),
)
def test_every_right_number_survives_any_spacing(
    born: date, sequence: int, area: str, gaps: list[int]
) -> None:
    number = resident_number(area, f"{born:%Y%m%d}", sequence)
    typed = number.lower()
    for gap in gaps:
        typed = typed[:gap] + " " + typed[gap:]
    assert identity.parse("10", typed, on=TODAY).number == number


@given(st.sampled_from(IdType.values), st.text(max_size=40))
def test_any_text_is_taken_or_refused_and_taking_is_stable(id_type: str, typed: str) -> None:
    try:
        document = identity.parse(id_type, typed, on=TODAY)
    except InvalidInput:
        return
    assert identity.parse(id_type, document.number, on=TODAY) == document
