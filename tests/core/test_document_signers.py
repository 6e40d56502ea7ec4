"""Document signers as their countries made them: the necessary parts are read, entry by entry."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from healthcode.core import document_signers
from healthcode.core.document_signers import key_of
from healthcode.core.errors import MalformedKey
from tests.core.forge import NOON, NamedKey

BASIC_CONSTRAINTS = "2.5.29.19"
KEY_USAGE = "2.5.29.15"
EXTENDED_KEY_USAGE = "2.5.29.37"
TESTS_ONLY = "1.3.6.1.4.1.1847.2021.1.1"
CA_FALSE_WRITTEN_OUT = (BASIC_CONSTRAINTS, bytes.fromhex("3003010100"))
TESTS = {"test"}
EVERYTHING = {"test", "vaccination", "recovery"}


def certificate(
    *extensions: tuple[str, bytes], country: str = "DE", key: Any = None, usages: Any = ()
) -> x509.Certificate:
    """Return a document signer with extensions of any bytes."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, country or "XX")])
    day = datetime.fromtimestamp(NOON, UTC)
    private_key = key or NamedKey(country).private_key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name if country else x509.Name([]))
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(1)
        .not_valid_before(day)
        .not_valid_after(day + timedelta(days=700))
    )
    for oid, value in extensions:
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)
        builder = builder.add_extension(extension, critical=False)
    if usages:
        purposes = x509.ExtendedKeyUsage([x509.ObjectIdentifier(usage) for usage in usages])
        builder = builder.add_extension(purposes, critical=True)
    hashed = None if isinstance(private_key, ed25519.Ed25519PrivateKey) else SHA256()
    return builder.sign(private_key, hashed)


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


@pytest.mark.parametrize(
    "wrong",
    [
        CA_FALSE_WRITTEN_OUT,
        (BASIC_CONSTRAINTS, b""),
        (BASIC_CONSTRAINTS, b"not ASN.1"),
        (KEY_USAGE, bytes.fromhex("0303070080")),
        ("2.5.29.17", bytes.fromhex("3080")),
        ("2.5.29.14", bytes.fromhex("0480")),
    ],
)
def test_an_extension_written_wrongly_takes_nothing_away(wrong: tuple[str, bytes]) -> None:
    found = certificate(wrong, usages=[TESTS_ONLY])
    with pytest.raises(ValueError, match=r"parsing asn1|only be true"):
        _ = found.extensions

    assert key_of(found).usages == TESTS


def test_an_entry_that_no_library_opens_is_named_and_left_out() -> None:
    found = certificate(usages=[TESTS_ONLY]).public_bytes(Encoding.DER)
    oid, critical = bytes.fromhex("0603551d25"), bytes.fromhex("0101ff")
    assert oid + critical in found
    default_written_out = found.replace(oid + critical, oid + bytes.fromhex("010100"))
    text = base64.encodebytes(default_written_out)
    block = b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"

    issuers, left_out = document_signers.issuers(block + pem(certificate(country="FR")))

    assert set(issuers) == {"FR"}
    assert left_out == ("certificate 1 is left out: it is damaged",)


def test_a_key_usage_is_the_one_of_the_extension_not_bytes_somewhere() -> None:
    """An empty list of purposes inside another extension would have allowed everything."""
    empty = bytes.fromhex("0603551d2504023000")
    found = certificate(("1.2.3.4", b"\x04" + bytes([len(empty)]) + empty), usages=[TESTS_ONLY])

    assert key_of(found).usages == TESTS
    assert key_of(certificate((EXTENDED_KEY_USAGE, bytes.fromhex("3000")))).usages == EVERYTHING
    assert key_of(certificate()).usages == EVERYTHING


@pytest.mark.parametrize("value", [b"", b"0", b"\x30\x80\0\0", b"\x04\x00", b"\x30\x02\x01\x01"])
def test_a_key_usage_that_cannot_be_read_allows_nothing(value: bytes) -> None:
    with pytest.raises(MalformedKey, match="key usage"):
        key_of(certificate((EXTENDED_KEY_USAGE, value)))


def test_one_bad_entry_takes_none_of_the_others_away() -> None:
    damaged = pem(certificate(country="AT")).replace(b"M", b"#", 3)
    no_der = pem(certificate(country="AT")).replace(b"MII", b"AII", 1)
    odd_curve = certificate(country="ES", key=ec.generate_private_key(ec.SECP384R1()))
    unused = certificate(country="IT", key=ed25519.Ed25519PrivateKey.generate())
    unreadable = certificate((EXTENDED_KEY_USAGE, b"0"), country="PL")
    written_out = certificate(CA_FALSE_WRITTEN_OUT, country="FR")
    nobodys = certificate(country="")
    others = pem(unreadable, written_out, odd_curve, nobodys)
    bundle = b"".join([damaged, pem(unused, certificate()), no_der, others])

    issuers, left_out = document_signers.issuers(bundle)

    assert set(issuers) == {"DE", "FR", "ES"}
    assert [sentence.split(" is left out")[0] for sentence in left_out] == [
        "certificate 1",
        "certificate 2",
        "certificate 4",
        "certificate 5",
        "certificate 8",
    ]


def test_a_list_that_is_none_or_was_cut_off_is_refused() -> None:
    for cut in (
        b"",
        b"nothing",
        pem(certificate())[:-40],
        pem(certificate(), certificate())[:-300],
    ):
        with pytest.raises(MalformedKey):
            document_signers.issuers(cut)


def test_a_byte_order_mark_and_other_words_before_the_list_are_passed_over() -> None:
    given = pem(certificate(), certificate())
    for before in (b"\xef\xbb\xbf", b"\xef\xbb\xbfsubject: a signer\r\n", b"\r\n\r\n "):
        assert len(list(document_signers.listed(before + given))) == 2
