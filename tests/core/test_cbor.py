"""The CBOR codec against the one everybody uses, and against bytes that mean harm."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcode.core import CoreError, cbor

scalars = st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=40) | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.integers(-(1 << 40), 1 << 40), inner, max_size=5)
        | st.dictionaries(st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=15,
)


@given(values)
def test_encodes_and_reads_like_cbor2(value: cbor.Encodable) -> None:
    data = cbor.encode(value)

    assert cbor2.loads(data) == value
    assert cbor.decode(data) == value


@given(values)
def test_key_order_is_bytewise(value: cbor.Encodable) -> None:
    assert cbor.encode(cbor.decode(cbor.encode(value))) == cbor.encode(value)  # type: ignore[arg-type] # what was encoded has no floats or tags


@given(st.binary(max_size=60))
def test_agrees_with_cbor2_on_whatever_it_reads(data: bytes) -> None:
    try:
        value = cbor.decode(data)
    except CoreError:
        return
    if max(data, default=0).to_bytes(1, "big") >= b"\xc0" or "nan" in repr(value):
        return
    assert cbor2.loads(data) == value


@pytest.mark.parametrize(
    ("read", "value"),
    [
        ("9f0102ff", [1, 2]),
        ("bf0102ff", {1: 2}),
        ("5f42010243030405ff", b"\1\2\3\4\5"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("1801", 1),
        ("f93c00", 1.0),
        ("fa47c35000", 100000.0),
        ("fb3ff199999999999a", 1.1),
        ("f4", False),
        ("f6", None),
        ("d83d81c11a514b67b0", cbor.Tag(61, [cbor.Tag(1, 1363896240)])),
    ],
)
def test_reads_what_others_write(read: str, value: object) -> None:
    assert cbor.decode(bytes.fromhex(read)) == value


@pytest.mark.parametrize(
    "data",
    [
        "",
        "01 01",
        "18",
        "1c",
        "1f",
        "ff",
        "9f01",
        "9bffffffffffffffff",
        "bbffffffffffffffff",
        "5bffffffffffffffff00",
        "62c328",
        "5f4101614161ff",
        "5f5f4101ffff",
        "a201020103",
        "a2f50101f5",
        "a1f50a",
        "a18001",
        "a1f93c0001",
        "bf01ff",
        "f0",
        "f820",
        "df00",
        "81" * 40 + "00",
        "c1" * 40 + "00",
        "9f" * 40 + "ff" * 40,
    ],
)
def test_refuses(data: str) -> None:
    with pytest.raises(cbor.MalformedCbor):
        cbor.decode(bytes.fromhex(data))


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        cbor.decode(data)
    except CoreError:
        return


def test_a_number_beyond_64_bits_is_not_written() -> None:
    with pytest.raises(OverflowError):
        cbor.encode(1 << 64)
