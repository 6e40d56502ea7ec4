"""Our Base45 agrees with the package in common use, which reads texts digit by digit."""

import base45 as reference
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcode.core import base45

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@given(st.binary(max_size=300))
def test_encodes_alike_and_back(data: bytes) -> None:
    text = base45.encode(data)

    assert text.encode() == reference.b45encode(data)
    assert base45.decode(text) == data


@given(st.text(ALPHABET, max_size=30) | st.text(ALPHABET + "aé\n\0", max_size=8))
def test_reads_alike(text: str) -> None:
    try:
        expected = reference.b45decode(text.encode("ascii"))
    except ValueError:
        with pytest.raises(ValueError, match=r"Base45|ascii"):
            base45.decode(text)
    else:
        assert base45.decode(text) == expected


@pytest.mark.parametrize("text", ["GGW", ":::", "::", "FGW0", "GGWFGW", "FGWGGW", "6:", "bb8"])
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="Base45"):
        base45.decode(text)


def test_the_largest_of_each_group() -> None:
    assert base45.decode("FGW" * 100 + "U5") == b"\xff" * 201
