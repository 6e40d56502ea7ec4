"""The EU's own test certificates, each read at the time that its test vector states."""

import json
from base64 import b64decode
from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction

from accounts.models import Account
from healthcode.core import MalformedCode, dcc
from healthcode.evidence import certificates, signers
from healthcode.evidence.errors import CertificateRefused, NotACertificate
from healthcode.web.errors import Refusal
from tests.acts import GROUND
from tests.conformance import DATA
from tests.evidence.conftest import World

FOLDER = DATA / "dcc-testdata"
# Vectors whose expectations are all good, but which this service refuses on purpose.
REFUSED = {
    # Signed before the time of its signer's certificate began.
    "BG/4": "unknown_key",
    # The vector's time is before the certificate was issued.
    **dict.fromkeys(["ES/1101", "ES/1102", "ES/1103"], "not_yet_valid"),
    **dict.fromkeys(["ES/2101", "ES/2102", "ES/2103"], "not_yet_valid"),
    **dict.fromkeys(["FR/recovery_ok", "FR/test_pcr_ok", "FR/vaccin_ok"], "not_yet_valid"),
    # The vector's time is the very end of the signer's certificate, so the signer is not loaded.
    **dict.fromkeys(["ES/1501", "ES/1502", "ES/1503"], "unknown_issuer"),
    # A recovery that is valid only later, and two that are no longer valid.
    "BE/2": "not_yet_valid",
    **dict.fromkeys(["ES/401", "ES/1003"], "expired"),
    # Two vaccinations in one certificate (docs/conformance.md).
    "SK/3": "certificate-says-nothing",
}
pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason=f"{FOLDER} is not on this machine; SHARED_DATA says where it is"
)


def good_vectors() -> dict[str, dict[str, Any]]:
    """Return the vectors whose expectations are all good and which state a time."""
    found = {}
    for path in sorted(FOLDER.glob("*/2DCode/raw/*.json")):
        vector = json.loads(path.read_text(encoding="utf-8-sig"))
        expected = vector["EXPECTEDRESULTS"]
        if (
            all(expected.values())
            and expected.get("EXPECTEDVERIFY")
            and "VALIDATIONCLOCK" in vector["TESTCTX"]
        ):
            found[f"{path.relative_to(FOLDER).parts[0]}/{path.stem}"] = vector
    return found


def outcome(vector: dict[str, Any], officer: Account) -> str:
    """Read a vector, trusting only its own signer; return the kind of evidence or the refusal."""
    at = datetime.fromisoformat(vector["TESTCTX"]["VALIDATIONCLOCK"])
    text = vector["PREFIX"]
    try:
        trust_signer(vector, officer, at)
        return str(certificates.read(text, at=at).kind)
    except CertificateRefused as refused:
        return str(refused.members["reason"])
    except Refusal as refused:
        return refused.slug


def trust_signer(vector: dict[str, Any], officer: Account, at: datetime) -> None:
    der = b64decode(vector["TESTCTX"]["CERTIFICATE"])
    pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
    try:
        country = dcc.read(vector["PREFIX"]).claims.issuer
    except MalformedCode as error:
        raise NotACertificate from error
    given = signers.read_file(pem, country=country).signers
    shown = signers.difference(given, country=country, at=at)
    signers.change(
        account=officer,
        signers=given,
        country=country,
        shown=shown,
        drop=False,
        ground=GROUND,
        at=at,
    )


def test_each_is_read_or_refused_for_a_reason_of_its_own(world: World) -> None:
    """Without its signer, no vector is accepted."""
    outcomes = {}
    for name, vector in good_vectors().items():
        at = datetime.fromisoformat(vector["TESTCTX"]["VALIDATIONCLOCK"])
        with pytest.raises(Refusal):
            certificates.read(vector["PREFIX"], at=at)
        with transaction.atomic():
            outcomes[name] = outcome(vector, world.officer)
            transaction.set_rollback(True)
    kinds = {"test", "recovery", "vaccination"}
    assert {name: found for name, found in outcomes.items() if found not in kinds} == REFUSED
    assert min(Counter(found for found in outcomes.values() if found in kinds).values()) > 5


def test_nobody_is_known_by_folder_alone() -> None:
    """The list above names only vectors that exist."""
    assert set(good_vectors()) >= set(REFUSED)
