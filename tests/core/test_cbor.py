"""Our CBOR agrees with the package in common use, and refuses malicious bytes."""

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
    if max(data, default=0) >= 0xC0 or "nan" in repr(value):
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
        ("f7", cbor.Simple(23)),
        ("f0", cbor.Simple(16)),
        ("f8ff", cbor.Simple(255)),
        ("1bffffffffffffffff", (1 << 64) - 1),
        ("3bffffffffffffffff", -(1 << 64)),
        ("c249010000000000000000", cbor.Tag(2, b"\1" + bytes(8))),
        ("c074323032312d30332d30315431303a30303a30305a", cbor.Tag(0, "2021-03-01T10:00:00Z")),
        ("9f1b0000000000000001590001aaa0ff", [1, b"\xaa", {}]),
        ("a3026162016161206163", {2: "b", 1: "a", -1: "c"}),
        ("a2f5010102", {1: 2}),
        ("a5f50a80014040a00bf93c0001", {}),
        ("a2f93c000101f6", {1: None}),
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
        "a2f501f502",
        "a2800180f6",
        "a2f93c0001f93c0002",
        "a201011801f6",
        "bf01ff",
        "bf0102ff00",
        "f8",
        "f814",
        "f81f",
        "fc",
        "df00",
        "ff00",
        "5f01ff",
        "7f4161ff",
        "7f61c361bcff",
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


@pytest.mark.parametrize(
    "data",
    [
        b"\x9a\x00\x01\x00\x00" + b"\x80" * (1 << 16),
        b"\x9f" + b"\x00" * (1 << 20) + b"\xff",
        b"\x5f" + b"\x40" * (1 << 20) + b"\xff",
        b"\xbf"
        + b"".join(b"\x1a" + n.to_bytes(4, "big") + b"\0" for n in range(1 << 16))
        + b"\xff",
    ],
)
def test_items_are_counted(data: bytes) -> None:
    """Input that is small as bytes but large in memory is refused before it is built."""
    with pytest.raises(cbor.MalformedCbor, match="too many items"):
        cbor.decode(data)


def test_a_number_beyond_64_bits_is_not_written() -> None:
    with pytest.raises(OverflowError):
        cbor.encode(1 << 64)
