"""Status lists as they are built, published and looked up."""

import zlib

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcode.core import MalformedStatusList, ParsedStatusList, Statuses, parse_status_list
from tests.core.forge import NOON, URI, ZHEJIANG, NamedKey
from tests.core.worlds import SHANGHAI_URI, STATUS, status_token, trust

KEYS = [ZHEJIANG.key()]


@given(st.integers(1, 5000), st.data())
def test_exactly_the_superseded_are_superseded(size: int, data: st.DataObject) -> None:
    superseded = data.draw(st.sets(st.integers(0, size - 1)))

    token = status_token(size=size, superseded=superseded)
    read = parse_status_list(token, KEYS, NOON, uri=URI)

    assert {idx for idx in range(size) if read.superseded(idx)} == superseded


def test_a_token_is_what_the_draft_says() -> None:
    message = cbor2.loads(status_token())
    header, claims = cbor2.loads(message.value[0]), cbor2.loads(message.value[2])

    assert message.tag == 18
    assert header[16] == "application/statuslist+cwt"
    assert claims[2] == URI
    assert (claims[6], claims[4], claims[65534]) == (NOON - 60, NOON + 86_400, 60)
    assert claims[65533]["bits"] == 1
    bits = zlib.decompress(claims[65533]["lst"])
    assert len(bits) == 125
    assert bits[1] == 1 << 5  # index 13, counted from the lowest bit


def test_times_and_names_are_read() -> None:
    read = parse_status_list(status_token(), KEYS, NOON)

    assert read == ParsedStatusList(URI, "CN-33", NOON - 60, NOON + 86_400, 60, read.bits)


@pytest.mark.parametrize("idx", [-1, 1000, 1 << 40])
def test_an_index_outside_is_neither_built_nor_read(idx: int) -> None:
    with pytest.raises(IndexError):
        status_token(superseded=[idx])
    with pytest.raises(IndexError):
        parse_status_list(status_token(), KEYS, NOON).superseded(idx)


@pytest.mark.parametrize("size", [0, -1, (1 << 26) + 1])
def test_a_size_out_of_use_is_not_built(size: int) -> None:
    with pytest.raises(MalformedStatusList):
        status_token(size=size, superseded=[])


def test_the_newer_of_two_lists_counts() -> None:
    old, new = STATUS["old"](), STATUS["all superseded"]()

    for tokens in ([old, new], [new, old]):
        lists = Statuses.load(tokens, trust=trust(), at=NOON)
        found = lists.get(URI, issuer="CN-33")
        assert found is not None
        assert found.superseded(0)


def test_a_list_speaks_for_its_issuer_alone() -> None:
    lists = Statuses.load([STATUS["shanghai"]()], trust=trust(), at=NOON)

    assert lists.get(SHANGHAI_URI, issuer="CN-31") is not None
    assert lists.get(SHANGHAI_URI, issuer="CN-33") is None


def test_an_issuer_cannot_replace_the_list_of_another() -> None:
    tokens = [STATUS["all superseded"](), STATUS["shanghai about zhejiang"]()]

    lists = Statuses.load(tokens, trust=trust(), at=NOON)

    assert lists.get(URI, issuer="CN-33") is not None


def test_every_key_that_shares_an_identifier_is_tried() -> None:
    other = NamedKey("another").key()
    same_kid = type(other)(KEYS[0].kid, other.public_key, other.algorithm, 0)

    assert parse_status_list(status_token(), [same_kid, *KEYS], NOON).uri == URI
