"""EU certificates at a door. The EU's own vectors are in tests/conformance."""

import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from healthcode.core import (
    Issuer,
    MalformedCode,
    Rules,
    Statuses,
    Trust,
    dcc,
    dcc_schema,
    decode,
    document_signers,
    explain,
    verify,
)
from healthcode.core.dcc import CertificateSigner
from healthcode.core.verdict import Door
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
    header = canonical({1: -7, 4: document_signers.key_of(signed_by).kid})
    signature = signer(canonical(["Signature1", header, b"", payload]))
    message = b"\xd2" + canonical([header, {}, payload, signature])
    return text_of(compress(message), "HC1:")


def trust_in(*certificates: x509.Certificate) -> Trust:
    pem = b"".join(each.public_bytes(Encoding.PEM) for each in certificates)
    return Trust(document_signers.issuers(pem)[0], NOON)


def reason_of(text: str, signed_by: x509.Certificate = CERTIFICATE, at: int = NOON) -> str:
    verdict = verify(text, trust=trust_in(signed_by), status=Statuses(), rules=Rules(), at=at)
    assert verdict.outcome == "refuse", "a certificate has no colour"
    assert verdict.code is None
    return verdict.reason


def test_a_genuine_certificate_admits_nobody_but_is_genuine() -> None:
    assert reason_of(certificate()) == "not_admitted_here"


def test_what_it_attests_can_be_read() -> None:
    read = dcc.read(certificate())

    stated = dcc_schema.check(read.claims.content)
    assert (stated.kind, stated.born) == ("vaccination", "1964-08-12")
    assert stated.entry["dt"] == "2020-01-20"
    assert (read.claims.issuer, read.claims.issued_at) == ("DE", NOON - 60)


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


def stated_by(text: str, *signed_by: x509.Certificate) -> object:
    """Return the signer's country, or why nobody is believed to have signed."""
    door = Door(trust_in(*signed_by), Statuses(), Rules(), NOON)
    found = dcc.signer_of(dcc.read(text), door)
    return found.country if isinstance(found, CertificateSigner) else found


@pytest.mark.parametrize("says", ["CNAM", "DE", "", "D\0", None, 33])
def test_the_key_says_who_signed_whatever_is_said_of_the_issuer(says: object) -> None:
    french = signing_certificate(country="FR")
    text = certificate(signed_by=french, claim_1=says)

    assert stated_by(text, CERTIFICATE, french) == "FR"
    assert stated_by(certificate(signed_by=french, signer=STRANGER), french) == "bad_signature"


def test_only_keys_of_document_signers_sign_certificates() -> None:
    """An issuer of health codes has a key too, but cannot speak for a health ministry."""
    text = certificate(signed_by=CERTIFICATE, claim_1="CN-33")
    key = HEALTH.key()
    plain = type(key)(dcc.read(text).kid, key.public_key, key.algorithm, 0)
    trust = Trust({"CN-33": Issuer("CN-33", (plain,))}, NOON)
    verdict = verify(text, trust=trust, status=Statuses(), rules=Rules(), at=NOON)

    assert verdict.reason == "unknown_key"


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
        certificate(claim_4=cbor2.CBORTag(0, "2030-01-01T00:00:00Z")),
        certificate(claim_6=True),
        certificate(claim_6=float("inf")),
        certificate(CONTENT | {"v": []}),
        certificate(CONTENT | {"v": [VACCINATION, VACCINATION]}),
        certificate(CONTENT | {"t": [VACCINATION]}),
        certificate(CONTENT | {"v": [VACCINATION | {"dn": "2"}]}),
        certificate(CONTENT | {"v": [VACCINATION | {"dn": 0}]}),
        certificate(CONTENT | {"v": [VACCINATION | {"sd": 0}]}),
        certificate(CONTENT | {"v": [VACCINATION | {"dn": True}]}),
        certificate(CONTENT | {"v": [VACCINATION | {"dn": 1.5}]}),
        certificate(CONTENT | {"v": [VACCINATION | {"dt": "yesterday"}]}),
        certificate(CONTENT | {"v": [VACCINATION | {"dt": "2020-01-20T"}]}),
        certificate(CONTENT | {"v": [VACCINATION | {"ci": ""}]}),
        certificate(CONTENT | {"dob": "1899-12-31"}),
        certificate(CONTENT | {"dob": "2100-01-01"}),
        certificate(CONTENT | {"dob": "1964-13"}),
        certificate(CONTENT | {"dob": 1964}),
        certificate(CONTENT | {"nam": {"fnt": "", "gnt": "<", "fn": " "}}),
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


TEST = {"tg": "840539006", "tt": "LP6464-4", "tr": "260415000", "ci": "01DE/TEST"}
RECOVERY = {"tg": "840539006", "df": "2020-01-20", "du": "2020-06-20", "ci": "01DE/RECOVERY"}
SAMPLED = "2020-02-17T10:12:22Z"


@pytest.mark.parametrize(
    "content",
    [
        {"v": [VACCINATION | {"dt": "2020-01-20T12:00:00Z", "vp": "", "mp": "", "ma": ""}]},
        {"v": [VACCINATION | {"dt": cbor2.CBORTag(1004, "2020-01-20")}]},
        {"v": [VACCINATION | {"dn": 2.0, "sd": 2.0, "co": None, "is": b"", "more": [True, 1.5]}]},
        {"v": [{name: VACCINATION[name] for name in ("tg", "dn", "sd", "dt", "ci")}]},
        {"v": None, "t": [TEST | {"sc": cbor2.CBORTag(0, SAMPLED), "tr": cbor2.CBORTag(0, "x")}]},
        {"v": [], "t": [TEST | {"sc": SAMPLED, "tr": ""}], "r": None},
        {"v": None, "r": [RECOVERY | {"fr": "2020-01-09T08:00:00+01:00"}]},
        {"ver": None, "dob": "", "nam": {"gnt": "ERIKA"}},
        {"dob": None, "nam": {"gn": "Erika", "fnt": None, "standard": 1}},
        {"dob": "1964-08"},
        {"dob": cbor2.CBORTag(0, "1964-08-12T00:00:00Z")},
        {b"odd": None, False: 1.5, 1.5: [cbor2.undefined]},
    ],
)
def test_only_what_is_used_is_asked_for(content: Any) -> None:
    text = certificate(CONTENT | content)

    assert reason_of(text) == "not_admitted_here"
    told = explain.signed(dcc.read(text))
    assert told["kind"] in {"vaccination", "test", "recovery"}
    json.dumps(told, allow_nan=False)


def test_the_signature_is_asked_first() -> None:
    text = certificate(CONTENT | {"v": []}, signer=STRANGER)

    assert reason_of(text) == "bad_signature"
    assert "states_nothing" in explain.signed(dcc.read(text))
