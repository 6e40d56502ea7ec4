"""Codes: reading returns what was signed, codes are short, and nothing else is a code."""

from functools import partial
from typing import Any

import base45
import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from healthcode.core import (
    Algorithm,
    CodeTooLarge,
    Colour,
    HealthCode,
    Kind,
    MalformedCode,
    StatusRef,
    cbor,
    cose,
    decode,
    present,
    sign,
)
from healthcode.core.claims import LATER
from healthcode.core.codes import MAX_BOUND_CHARACTERS, MAX_CHARACTERS, MAX_LIFETIME_SECONDS
from tests.core.cases import largest
from tests.core.forge import (
    NOON,
    P256_ORDER,
    PHONE,
    ZHEJIANG,
    bytes_of,
    canonical,
    health_code,
    signed,
    text_of,
    with_later,
)

KID = ZHEJIANG.key().kid
LEVEL_M = 0

uint32 = st.integers(0, (1 << 32) - 1)
holders = st.none() | st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=3)


@st.composite
def health_codes(draw: st.DrawFn) -> HealthCode:
    kind = draw(st.sampled_from(Kind))
    issued_at = draw(st.integers(0, (1 << 32) - 1 - 14 * 86_400))
    return HealthCode(
        issuer=draw(st.from_regex(r"\A[A-Z]{2}-[0-9]{2}\Z")),
        issued_at=issued_at,
        expires_at=issued_at + draw(st.integers(1, MAX_LIFETIME_SECONDS[kind])),
        colour=draw(st.sampled_from(Colour)),
        kind=kind,
        policy=draw(uint32),
        holder=draw(holders),
        status=StatusRef(
            draw(uint32), draw(st.from_regex(r"\Ahttps://[a-z]{1,9}/[a-z0-9]{1,9}\Z"))
        ),
        phone_key=draw(st.sampled_from([None, PHONE.point])) if kind is Kind.LIVE else None,
    )


@given(health_codes())
def test_what_was_signed_is_read(code: HealthCode) -> None:
    text = sign(code, kid=KID, algorithm=Algorithm.ES256, signer=lambda _: bytes(64))

    read = decode(text)

    assert (read.code, read.kid, read.algorithm) == (code, KID, Algorithm.ES256)
    assert read.signature == bytes(64)


@given(health_codes())
def test_its_bytes_are_those_of_another_encoder(code: HealthCode) -> None:
    data = bytes_of(sign(code, kid=KID, algorithm=Algorithm.ES256, signer=lambda _: bytes(64)))

    assert cbor2.dumps(cbor2.loads(data), canonical=True) == data
    payload = cbor2.loads(data)[2]
    assert cbor2.dumps(cbor2.loads(payload), canonical=True) == payload


@given(health_codes())
def test_both_readers_find_the_same_in_a_code(code: HealthCode) -> None:
    """The strict reader for codes, and the tolerant one for what others wrote."""
    text = sign(code, kid=KID, algorithm=Algorithm.ES256, signer=lambda _: bytes(64))

    message = cose.parse(bytes_of(text))
    said = cbor.decode(message.payload)

    assert isinstance(said, dict)
    status, hc = said[65535], said[-65537]
    assert isinstance(status, dict)
    assert isinstance(hc, dict)
    assert (said[1], said[6], said[4]) == (code.issuer, code.issued_at, code.expires_at)
    assert status["status_list"] == {"idx": code.status.idx, "uri": code.status.uri}
    assert (hc[1], hc[2], hc[3], hc.get(4)) == (code.colour, code.kind, code.policy, code.holder)
    assert (8 in said) == (code.phone_key is not None)
    assert (message.headers, message.hints) == ({1: -7, 4: KID}, {})
    read = decode(text)
    assert message.signed_bytes == read.signed_bytes


@pytest.mark.parametrize("times", range(20))
def test_a_signer_need_not_know_which_of_two_signatures_is_in_use(times: int) -> None:
    """Half of a library's signatures have the higher s."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    text = sign(
        health_code(policy=times),
        kid=KID,
        algorithm=Algorithm.ES256,
        signer=partial(cose.sign_es256, private_key),
    )
    read = decode(text)

    assert cose.is_low(read.signature)
    assert cose.signature_holds(
        Algorithm.ES256, private_key.public_key(), read.signed_bytes, read.signature
    )
    higher = P256_ORDER - int.from_bytes(read.signature[32:], "big")
    data = bytes_of(text)[:-32] + higher.to_bytes(32, "big")
    with pytest.raises(MalformedCode):
        decode(text_of(data))


def test_the_bytes_of_a_code_are_these() -> None:
    code = health_code(status=StatusRef(7, "https://a.example/1"))

    data = bytes_of(sign(code, kid=bytes(8), algorithm=Algorithm.ES256, signer=lambda _: bytes(64)))

    assert data.hex() == (
        "84"
        "4d"
        "a2"
        "0126"
        "04480000000000000000"
        "a0"
        "5854"
        "a5"
        "01"
        "65434e2d3333"
        "04"
        "1a5e4b68ac"
        "06"
        "1a5e4b6780"
        "19ffff"
        "a1"
        "6b7374617475735f6c697374"
        "a2"
        "6369647807"
        "63757269"
        "7368747470733a2f2f612e6578616d706c652f31"
        "3a00010000"
        "a4"
        "0100"
        "0200"
        "0301"
        "0464e5bca02a"
        "5840" + "00" * 64
    )


def qr_version(text: str) -> int:
    qr = QRCode(error_correction=LEVEL_M)
    qr.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    version: int = qr.best_fit()
    return version


def test_the_largest_code_is_read_at_once_by_a_cheap_phone() -> None:
    text = sign(largest(), kid=KID, algorithm=Algorithm.ES256, signer=ZHEJIANG)

    assert len(text) <= MAX_CHARACTERS
    assert qr_version(text) <= 10


def test_the_limits_are_those_of_the_qr_versions() -> None:
    assert qr_version("0A" * 155 + "0") == 10
    assert qr_version("A" * MAX_CHARACTERS) == 10
    assert qr_version("A" * (MAX_CHARACTERS + 1)) == 11
    assert qr_version("A" * MAX_BOUND_CHARACTERS) == 16
    assert qr_version("A" * (MAX_BOUND_CHARACTERS + 1)) == 17


def test_the_largest_bound_code_stays_within_version_16() -> None:
    code = largest()
    bound = health_code(holder=code.holder, status=code.status, phone_key=PHONE.point)
    text = sign(bound, kid=KID, algorithm=Algorithm.ES256, signer=ZHEJIANG)

    assert qr_version(present(text, at=NOON, signer=PHONE)) <= 16


def test_a_code_that_would_be_larger_is_not_made() -> None:
    code = health_code(holder="*" * 32, status=StatusRef(1, "https://" + "a" * 42))

    with pytest.raises(CodeTooLarge):
        sign(code, kid=KID, algorithm=Algorithm.ES256, signer=ZHEJIANG)


def test_a_key_identifier_or_signature_of_another_size_is_not_made() -> None:
    with pytest.raises(MalformedCode):
        sign(health_code(), kid=KID[:7], algorithm=Algorithm.ES256, signer=ZHEJIANG)
    with pytest.raises(MalformedCode):
        sign(health_code(), kid=KID, algorithm=Algorithm.ES256, signer=lambda _: bytes(70))


@pytest.mark.parametrize(
    "changes",
    [
        {"holder": ""},
        {"holder": "\ud800"},
        {"holder": "\n"},
        {"holder": "\u202e"},
        {"holder": "\u3000"},
        {"holder": "*" * 33},
        {"issuer": "浙江"},
        {"issuer": "CN-33\n"},
        {"policy": -1},
        {"policy": 1 << 32},
        {"policy": 1 << 64},
        {"colour": 3},
        {"kind": 2},
        {"expires_at": NOON},
        {"expires_at": NOON + 86_401},
        {"kind": Kind.PAPER, "expires_at": NOON + 15 * 86_400},
        {"kind": Kind.PAPER, "phone_key": PHONE.point},
        {"phone_key": bytes(64)},
        {"phone_key": PHONE.point[:-1]},
        {"phone_key": PHONE.point + b"\0"},
        {"status": StatusRef(-1, "https://a.example/1")},
        {"status": StatusRef(1, "ftp://a.example/1")},
        {"status": StatusRef(1, "https://a.example/" + "a" * 60)},
        {"status": StatusRef(1, "https://a.example/ ")},
    ],
    ids=str,
)
def test_what_no_code_may_say_is_not_made(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedCode):
        signed(**changes)


def test_only_a_bound_code_is_presented() -> None:
    with pytest.raises(MalformedCode):
        present(signed(), at=NOON, signer=PHONE)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for prefix in ("JK1:", "JK2:"):
        with pytest.raises(MalformedCode):
            decode(text_of(data, prefix))


@given(st.text(max_size=400))
def test_no_text_raises_anything_else(text: str) -> None:
    for prefix in ("", "JK1:", "JK2:"):
        with pytest.raises(MalformedCode):
            decode(prefix + text)


@given(st.integers(0, 8 * 170), st.sampled_from([signed(), signed(phone_key=PHONE.point)]))
def test_no_flipped_bit_reads_as_the_same_content(bit: int, text: str) -> None:
    data = bytearray(bytes_of(text))
    data[bit // 8 % len(data)] ^= 1 << bit % 8

    try:
        changed = decode(text_of(bytes(data)))
    except MalformedCode:
        return
    good = decode(text)
    assert (changed.signed_bytes, changed.signature) != (good.signed_bytes, good.signature)
    assert again(bytes(data)) == bytes(data)


def again(data: bytes) -> bytes:
    """Read the bytes of a code and encode them again with another encoder."""
    header, hints, payload, signature = cbor2.loads(data)
    parts = (canonical(cbor2.loads(part)) for part in (header, payload))
    header, payload = parts
    return canonical([header, hints, payload, signature])


later = st.dictionaries(
    st.sampled_from(LATER), uint32 | st.binary(max_size=64), min_size=1, max_size=3
)


@given(health_codes(), st.none() | later, st.data())
def test_whatever_is_read_has_no_other_encoding(
    code: HealthCode, more: dict[int, int | bytes] | None, data: st.DataObject
) -> None:
    """Insert, remove or change bytes anywhere: what is still a code has only this encoding."""
    text = sign(code, kid=KID, algorithm=Algorithm.ES256, signer=lambda _: bytes(64))
    message = bytearray(bytes_of(with_later(text, more) if more else text))
    at = data.draw(st.integers(0, len(message) - 1))
    message[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))

    try:
        decode(text_of(bytes(message)))
    except MalformedCode:
        return
    assert again(bytes(message)) == bytes(message)


@given(health_codes(), later)
def test_what_is_passed_over_changes_nothing_else(
    code: HealthCode, more: dict[int, int | bytes]
) -> None:
    plain = sign(code, kid=KID, algorithm=Algorithm.ES256, signer=lambda _: bytes(64))
    text = with_later(plain, more)

    if len(text) > MAX_CHARACTERS and code.phone_key is None:
        with pytest.raises(MalformedCode):
            decode(text)
    else:
        assert decode(text).code == code


def test_base45_is_upper_case_only() -> None:
    assert base45.b45decode(b"BB8") == b"AB"
    with pytest.raises(MalformedCode):
        decode(signed().lower().replace("jk1", "JK1"))
