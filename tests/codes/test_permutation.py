"""The keyed permutation is a bijection with an inverse, and shows no pattern without the key."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthcode.codes.status_lists.permutation import Permutation

KEYS = st.binary(min_size=32, max_size=32)


@settings(deadline=None)
@given(key=KEYS, half_bits=st.integers(1, 5))
def test_every_number_has_an_index_of_its_own(key: bytes, half_bits: int) -> None:
    size = 4**half_bits
    indexes = Permutation(key=key, size=size).forward(range(size))
    assert sorted(indexes) == list(range(size))


@settings(deadline=None)
@given(key=KEYS, numbers=st.lists(st.integers(0, 4**13 - 1), min_size=1))
def test_the_inverse_finds_the_numbers_again(key: bytes, numbers: list[int]) -> None:
    permutation = Permutation(key=key, size=4**13)
    assert permutation.inverse(permutation.forward(numbers)) == numbers


@settings(deadline=None)
@given(key=KEYS, numbers=st.lists(st.integers(0, 4**10 - 1)))
def test_many_at_once_are_as_one_by_one(key: bytes, numbers: list[int]) -> None:
    permutation = Permutation(key=key, size=4**10)
    assert permutation.forward(numbers) == [permutation.forward([n])[0] for n in numbers]


def test_the_indexes_of_neighbours_are_scattered_evenly() -> None:
    size = 4**8
    indexes = Permutation(key=b"k" * 32, size=size).forward(range(1600))
    sixteenths = [sum(index * 16 // size == part for index in indexes) for part in range(16)]
    # Each should get 100; the chance of 50 more or fewer is one in ten million.
    assert all(50 < count < 150 for count in sixteenths)
    ascending = sum(one < other for one, other in pairwise(indexes))
    assert 700 < ascending < 900


def test_another_key_gives_other_indexes() -> None:
    one, other = (Permutation(key=key * 32, size=4**10).forward(range(100)) for key in (b"a", b"b"))
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 3


@pytest.mark.parametrize("size", [0, 1, 2, 8, 1000, 2**21, 4**33])
def test_only_powers_of_four_are_sizes(size: int) -> None:
    with pytest.raises(ValueError, match="power of four"):
        Permutation(key=b"k" * 32, size=size)


@pytest.mark.parametrize("number", [-1, 64])
def test_numbers_outside_the_size_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        Permutation(key=b"k" * 32, size=64).forward([number])


def test_the_permutation_never_changes() -> None:
    """Paper codes rely on this: with another result for the same key they would lose their bits."""
    permutation = Permutation(key=bytes(range(32)), size=4**10)
    assert permutation.forward([0, 1, 2, 1048575]) == [594238, 454362, 418334, 589819]
