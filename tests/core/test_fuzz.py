"""Replay the fuzzing corpus: no bytes make the core raise anything but its own errors."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.fuzz.seeds import seeds
from tests.core.fuzz.targets import TARGETS, one_input

CORPUS = Path(__file__).parent / "fuzz" / "corpus"


def test_what_fuzzing_found_and_what_it_started_from() -> None:
    found = [path.read_bytes() for path in sorted(CORPUS.iterdir())]

    for data in [*found, *seeds()]:
        one_input(data)
    assert len(found) > 100


@pytest.mark.parametrize("target", range(len(TARGETS)), ids=sorted(TARGETS))
@given(data=st.binary(max_size=400))
def test_any_bytes(target: int, data: bytes) -> None:
    one_input(bytes([target]) + data)
