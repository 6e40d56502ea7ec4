"""Indexes in status lists are unique, and cannot be linked from one day to the next."""

from datetime import date, timedelta

import pytest
from django.test import override_settings

from healthcode.codes.errors import DoesNotSign
from healthcode.codes.status_lists.indexes import (
    LARGEST,
    NUMBERS_A_PERSON,
    SMALLEST,
    Part,
    further_parts,
    number_of,
)

pytestmark = pytest.mark.clock

MONDAY = date(2026, 2, 23)
PEOPLE = range(1000)


def part(day: date = MONDAY, number: int = 0, first_person: int = 0) -> Part:
    return Part(day, number, first_person, SMALLEST)


def test_no_two_codes_of_a_day_share_an_index() -> None:
    codes = [number_of(person, n) for person in PEOPLE for n in range(NUMBERS_A_PERSON)]
    assert len(set(part().indexes_of(codes))) == len(codes)


def test_indexes_lead_back_to_their_holders_with_the_key() -> None:
    list_ = part(number=1, first_person=5000)
    found = [list_.index_of(5123, 18), list_.index_of(5000, 0)]
    assert list_.holders_of(found) == [(5123, 2), (5000, 0)]


def test_indexes_of_one_day_say_nothing_about_those_of_the_next() -> None:
    """To everybody else a person's two indexes look like those of two people."""
    monday = part().indexes_of(number_of(person, 0) for person in PEOPLE)
    tuesday = part(MONDAY + timedelta(days=1)).indexes_of(number_of(person, 0) for person in PEOPLE)
    size = SMALLEST
    assert sum(a == b for a, b in zip(monday, tuesday, strict=True)) <= 2
    # If the shift from day to day were the same for everybody, one known pair would reveal all
    # others.
    shifts = {(b - a) % size for a, b in zip(monday, tuesday, strict=True)}
    assert len(shifts) > 0.99 * len(PEOPLE)
    # Order does not carry over either: half of all neighbours change their order.
    turned = sum(
        (monday[n] < monday[n + 1]) != (tuesday[n] < tuesday[n + 1]) for n in range(len(PEOPLE) - 1)
    )
    assert 400 < turned < 600


def test_a_change_of_colour_gives_an_index_that_cannot_be_linked() -> None:
    before = part().indexes_of(number_of(person, 0) for person in PEOPLE)
    after = part().indexes_of(number_of(person, 1) for person in PEOPLE)
    shifts = {(b - a) % SMALLEST for a, b in zip(before, after, strict=True)}
    assert len(shifts) > 0.99 * len(PEOPLE)


def test_without_the_key_there_are_no_indexes() -> None:
    with override_settings(STATUS_INDEX_KEY=""), pytest.raises(DoesNotSign):
        part().index_of(1, 0)


@pytest.mark.parametrize("people", [0, 1, 40_000, 3_000_000, 10_000_000, 65_000_000])
def test_a_day_has_room_for_all_its_people(people: int) -> None:
    parts = further_parts(MONDAY, [], people)
    assert parts[-1].end_person > people
    assert all(SMALLEST <= part.size <= LARGEST for part in parts)
    assert [part.first_person for part in parts[1:]] == [part.end_person for part in parts[:-1]]
    assert parts[0].end_person >= 2 * people or parts[0].size == LARGEST


def test_people_beyond_a_days_lists_get_a_further_one() -> None:
    first = part()
    (second,) = further_parts(MONDAY, [first], first.end_person)
    assert (second.number, second.first_person) == (1, first.end_person)
    assert second.uri == f"{first.uri}-1"
    assert further_parts(MONDAY, [first], first.end_person - 1) == []
