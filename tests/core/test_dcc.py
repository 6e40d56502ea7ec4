"""EU certificates at a door. The EU's own vectors are in tests/conformance."""

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from healthcode.core import MalformedCode, Rules, Statuses, Trust, dcc, decode, verify
from healthcode.core.errors import MalformedKey
from tests.core.forge import NOON, STRANGER, NamedKey, canonical, text_of

HEALTH = NamedKey("ministry of health")
VACCINATION = {
    "tg": "840539006",
    "vp": "1119349007",
    "mp": "EU/1/20/1528",
    "ma": "ORG-100030215",
    "dn": 2,
    "sd": 2,
    "dt": "2020-01-20",
    "co": "DE",
    "is": "Robert Koch-Institut",
    "ci": "URN:UVCI:01DE/IZ12345A/5CWLU12RNOB9RXSEOP6FG8#W",
}
CONTENT = {
    "ver": "1.3.0",
    "nam": {"fnt": "MUSTERMANN", "gnt": "ERIKA", "fn": "Mustermann", "gn": "Erika"},
    "dob": "1964-08-12",
    "v": [VACCINATION],
}


def signing_certificate(usages: list[str] | None = None, country: str = "DE") -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, country)])
    day = datetime.fromtimestamp(NOON, UTC)
    private_key = HEALTH.private_key
    assert isinstance(private_key, ec.EllipticCurvePrivateKey)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(1)
        .not_valid_before(day - timedelta(days=30))
        .not_valid_after(day + timedelta(days=700))
    )
    if usages is not None:
        purposes = [x509.ObjectIdentifier(usage) for usage in usages]
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return builder.sign(private_key, SHA256())


CERTIFICATE = signing_certificate()


def certificate(
    content: Any = None,
    *,
    signer: NamedKey = HEALTH,
    signed_by: x509.Certificate = CERTIFICATE,
    compress: Any = zlib.compress,
    **changes: Any,
) -> str:
    claims = {1: "DE", 4: NOON + 86_400, 6: NOON - 60, -260: {1: content or CONTENT}}
    claims |= {int(name.removeprefix("claim_")): value for name, value in changes.items()}
    payload = canonical({name: value for name, value in claims.items() if value is not None})
    header = canonical({1: -7, 4: dcc.key_of(signed_by).kid})
    signature = signer(canonical(["Signature1", header, b"", payload]))
    message = b"\xd2" + canonical([header, {}, payload, signature])
    return text_of(compress(message), "HC1:")


def reason_of(text: str, signed_by: x509.Certificate = CERTIFICATE, at: int = NOON) -> str:
    trust = Trust(dcc.issuers(signed_by.public_bytes(Encoding.PEM)), NOON)
    verdict = verify(text, trust=trust, status=Statuses(), rules=Rules(), at=at)
    assert verdict.outcome == "refuse", "a certificate has no colour"
    assert verdict.code is None
    return verdict.reason


def test_a_genuine_certificate_admits_nobody_but_is_genuine() -> None:
    assert reason_of(certificate()) == "not_admitted_here"


def test_what_it_attests_can_be_read() -> None:
    read = dcc.read(certificate())

    assert (read.statement.kind, read.statement.born) == ("vaccination", "1964-08-12")
    assert read.statement.entry["dt"] == "2020-01-20"
    assert (read.claims.country, read.claims.issued_at) == ("DE", NOON - 60)


def test_it_is_no_health_code() -> None:
    with pytest.raises(MalformedCode):
        decode(certificate())


def test_it_is_refused_for_its_signature_its_issuer_and_its_time() -> None:
    other = signing_certificate(country="FR")

    assert reason_of(certificate(signer=STRANGER)) == "bad_signature"
    assert reason_of(certificate(), other) == "unknown_issuer"
    assert reason_of(certificate(claim_1="FR"), other) == "unknown_key"
    assert reason_of(certificate(), at=NOON + 2 * 86_400) == "expired"
    assert reason_of(certificate(claim_6=NOON + 3600)) == "not_yet_valid"


def test_it_is_refused_once_the_certificate_of_its_signer_has_ended() -> None:
    years = 2 * 365 * 86_400

    assert reason_of(certificate(claim_4=NOON + 2 * years), at=NOON + years) == "unknown_key"
    assert reason_of(certificate(claim_6=NOON - years)) == "unknown_key"


@pytest.mark.parametrize(
    ("usages", "reason"),
    [
        (["1.3.6.1.4.1.1847.2021.1.2"], "not_admitted_here"),
        (["1.3.6.1.4.1.0.1847.2021.1.2"], "not_admitted_here"),
        (["1.3.6.1.4.1.1847.2021.1.1", "1.3.6.1.4.1.1847.2021.1.3"], "bad_signature"),
        (["1.3.6.1.5.5.7.3.1"], "not_admitted_here"),
    ],
)
def test_a_key_signs_only_what_it_is_for(usages: list[str], reason: str) -> None:
    signed_by = signing_certificate(usages)

    assert reason_of(certificate(signed_by=signed_by), signed_by) == reason


@pytest.mark.parametrize(
    "text",
    [
        certificate(claim_4=None),
        certificate(claim_6=None),
        certificate(claim_4="tomorrow"),
        certificate(claim_4=float("nan")),
        certificate(claim_1=None),
        certificate(CONTENT | {"v": []}),
        certificate(CONTENT | {"v": [VACCINATION, VACCINATION]}),
        certificate(CONTENT | {"t": [VACCINATION]}),
        certificate(CONTENT | {"v": [VACCINATION | {"dn": "2"}]}),
        certificate(CONTENT | {"v": [VACCINATION | {"dt": "yesterday"}]}),
        certificate({name: CONTENT[name] for name in ("ver", "dob", "v")}),
        certificate(compress=lambda data: zlib.compress(data)[:-5]),
        certificate(compress=lambda data: zlib.compress(data) + b"0"),
        certificate(compress=lambda data: zlib.compress(data + bytes(1 << 20), 9)),
        certificate(compress=bytes),
        certificate() + "\n",
        certificate().lower(),
        "HC1:",
        "HC1:" + "0" * 5000,
        "HC2:" + certificate()[4:],
    ],
)
def test_malformed(text: str) -> None:
    assert reason_of(text) == "malformed"


def test_a_bundle_that_is_none() -> None:
    with pytest.raises(MalformedKey):
        dcc.issuers(b"nothing")
