"""EU Digital COVID Certificates: the EU's own test data from 14 issuers.

Each file is judged twice. Once step by step, as the EU's procedure does it; once as a door judges
the whole text, at the file's time and with its signer's certificate.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from healthcode.core import (
    CoreError,
    Issuer,
    Reason,
    Rules,
    Statuses,
    Trust,
    cbor,
    cose,
    dcc,
    dcc_schema,
    document_signers,
    verify,
)
from healthcode.core.document_signers import CertificateKey
from tests.conformance import Finding, compare, not_applicable

Vector = Mapping[str, Any]
_OUT_OF_SCOPE: Final = {
    "EXPECTEDPICTUREDECODE": "the core reads texts, pictures are read before it",
    "EXPECTEDENCODE": "the core issues no EU certificates",
    "EXPECTEDRESULTS": "names no step of the procedure",
}


# A step that must fail, and the reasons for which the whole text is then refused.
_GENUINE: Final = (Reason.NOT_ADMITTED_HERE,)
_UNREADABLE: Final = (Reason.MALFORMED,)
_REASONS: Final[Mapping[str, tuple[Reason, ...]]] = {
    "EXPECTEDUNPREFIX": _UNREADABLE,
    "EXPECTEDB45DECODE": _UNREADABLE,
    "EXPECTEDCOMPRESSION": _UNREADABLE,
    "EXPECTEDDECODE": _UNREADABLE,
    "EXPECTEDVERIFY": (Reason.BAD_SIGNATURE, Reason.UNKNOWN_KEY, Reason.MALFORMED),
    "EXPECTEDKEYUSAGE": (Reason.BAD_SIGNATURE,),
    "EXPECTEDEXPIRATIONCHECK": (Reason.EXPIRED, Reason.NOT_YET_VALID),
    "EXPECTEDSCHEMAVALIDATION": _UNREADABLE,
}


def run(folder: Path) -> Iterator[Finding]:
    for path in sorted(folder.glob("*/2DCode/raw/*.json")):
        vector = json.loads(path.read_text(encoding="utf-8-sig"))
        name = f"{path.relative_to(folder).parts[0]}/{path.stem}"
        for step, expected in vector["EXPECTEDRESULTS"].items():
            if step in _OUT_OF_SCOPE:
                yield not_applicable(f"{name} {step}", _OUT_OF_SCOPE[step])
            else:
                yield compare(f"{name} {step}", expected, _succeeds(_STEPS[step], vector))
        yield compare(f"{name} VERDICT", *_verdicts(vector))


def _verdicts(vector: Vector) -> tuple[str, str]:
    """Compare what the file expects of its text as a whole with what a door makes of it."""
    if vector["EXPECTEDRESULTS"].keys() <= _OUT_OF_SCOPE.keys():
        return "nothing expected of the text", "nothing expected of the text"
    found = _reason(vector)
    failing = {step for step, expected in vector["EXPECTEDRESULTS"].items() if not expected}
    expected = next((_REASONS[step] for step in _REASONS if step in failing), _GENUINE)
    return (found if found in expected else " or ".join(expected)), found


def _reason(vector: Vector) -> Reason:
    pem = _certificate(vector).public_bytes(Encoding.PEM)
    (certificate,) = document_signers.listed(pem)
    assert isinstance(certificate, x509.Certificate)
    at = datetime.fromisoformat(vector["TESTCTX"]["VALIDATIONCLOCK"])
    country = _country(vector, certificate)
    issuer = Issuer(country, (document_signers.key_of(certificate),))
    trust = Trust({country: issuer}, int(at.timestamp()))
    return verify(vector["PREFIX"], trust=trust, status=Statuses(), rules=Rules(), at=at).reason


def _country(vector: Vector, certificate: x509.Certificate) -> str:
    """Some signers in the suite name no country, so whoever loads the list says whose it is."""
    for country in document_signers.countries_of(certificate):
        return country
    try:
        return dcc.read(vector["PREFIX"]).claims.issuer or "XX"
    except CoreError:
        return "XX"


def _succeeds(step: Callable[[Vector], bool], vector: Vector) -> bool:
    try:
        return step(vector)
    except CoreError:
        return False


def _unprefix(vector: Vector) -> bool:
    return "BASE45" not in vector or dcc.unprefix(vector["PREFIX"]) == vector["BASE45"]


def _unprefix_only(vector: Vector) -> bool:
    return bool(dcc.unprefix(vector["PREFIX"])) and _unprefix(vector)


def _base45(vector: Vector) -> bool:
    text = vector["BASE45"] if "BASE45" in vector else dcc.unprefix(vector["PREFIX"])
    data = dcc.from_base45(text)
    return "COMPRESSED" not in vector or data == bytes.fromhex(vector["COMPRESSED"])


def _compression(vector: Vector) -> bool:
    if "COMPRESSED" in vector:
        compressed = bytes.fromhex(vector["COMPRESSED"])
    else:
        compressed = dcc.from_base45(dcc.unprefix(vector["PREFIX"]))
    data = dcc.inflate(compressed)
    return "COSE" not in vector or data == bytes.fromhex(vector["COSE"])


def _decode(vector: Vector) -> bool:
    """The CBOR of some vectors is the certificate, of others the claims around it."""
    content = cbor.decode(bytes.fromhex(vector["CBOR"]))
    if isinstance(content, dict) and isinstance(claim := content.get(-260), dict):
        content = claim.get(1)
    return "JSON" not in vector or content == vector["JSON"]


def _whole_chain(vector: Vector) -> bool:
    claims = cbor.decode(dcc.parse_message(_chain(vector["PREFIX"])).payload)
    return isinstance(claims, dict) and claims[-260] == {1: vector["JSON"]}


def _chain(text: str) -> bytes:
    return dcc.inflate(dcc.from_base45(dcc.unprefix(text)))


def _schema(vector: Vector) -> bool:
    content = vector["JSON"] if "JSON" in vector else cbor.decode(bytes.fromhex(vector["CBOR"]))
    dcc_schema.check(content)
    return True


def _verify(vector: Vector) -> bool:
    """Return whether the certificate given signed it and is named in it, whatever it may sign."""
    message, key = _message(vector), _key(vector)
    return dcc.kid_of(message) == key.kid and dcc.is_signed_by(message, key)


def _key_usage(vector: Vector) -> bool:
    message, key = _message(vector), _key(vector)
    kinds = dcc_schema.kinds_of(dcc.claims_of(message).content)
    return dcc.is_signed_by(message, key) and kinds <= key.usages


def _in_time(vector: Vector) -> bool:
    clock = datetime.fromisoformat(vector["TESTCTX"]["VALIDATIONCLOCK"])
    claims = dcc.claims_of(_message(vector))
    return dcc.lapse(claims, int(clock.timestamp()), leeway_seconds=0) is None


def _message(vector: Vector) -> cose.Sign1:
    return dcc.parse_message(bytes.fromhex(vector["COSE"]))


def _key(vector: Vector) -> CertificateKey:
    return document_signers.key_of(_certificate(vector))


def _certificate(vector: Vector) -> x509.Certificate:
    der = base64.b64decode(vector["TESTCTX"]["CERTIFICATE"])
    return x509.load_der_x509_certificate(der)


_STEPS: Final[Mapping[str, Callable[[Vector], bool]]] = {
    "EXPECTEDUNPREFIX": _unprefix_only,
    "EXPECTEDB45DECODE": _base45,
    "EXPECTEDCOMPRESSION": _compression,
    "EXPECTEDDECODE": _decode,
    "EXPECTEDVALIDJSON": _whole_chain,
    "EXPECTEDVALIDOBJECT": _schema,
    "EXPECTEDSCHEMAVALIDATION": _schema,
    "EXPECTEDVERIFY": _verify,
    "EXPECTEDKEYUSAGE": _key_usage,
    "EXPECTEDEXPIRATIONCHECK": _in_time,
    "EXPTECTEDEXPIRED": _in_time,
}
