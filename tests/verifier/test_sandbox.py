"""Partners test their verifiers in the sandbox, and its codes are refused everywhere else."""

from base64 import b64decode
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError
from rest_framework.test import APIClient

from healthcode import core, sandbox
from healthcode.web.errors import InvalidInput
from tests.administration import administer
from tests.verifier.authority import Authority
from tests.verifier.partner import PartnerMachine
from tests.verifier.test_partners import client_with, register
from tests.verifier.test_scans import scan
from verifier.models import TrustedIssuer
from verifier.recognition.refresh import keep_keys
from verifier.recognition.services import trust_issuer
from verifier.recognition.trust import knowledge


@pytest.fixture
def partner(db: None, now: datetime) -> APIClient:
    machine = PartnerMachine()
    register(machine)
    return client_with(machine.asks(assertion=machine.assertion(at=now)))


def test_every_specimen_gets_its_verdict(partner: APIClient) -> None:
    specimens = partner.get("/api/v1/sandbox").json()["specimens"]
    codes = [specimen["code"] for specimen in specimens]
    verdicts = partner.post("/api/v1/sandbox/verifications", codes, format="json").json()
    assert [(each["outcome"], each["reason"]) for each in verdicts] == [
        (each["outcome"], each["reason"]) for each in specimens
    ]
    one = partner.post("/api/v1/sandbox/verifications", {"code": codes[0]}, format="json").json()
    assert one["holder"] == "样本 SPECIMEN"


def test_a_verifier_of_ones_own_can_be_tested(partner: APIClient, now: datetime) -> None:
    """With what the sandbox publishes, in the formats of a province."""
    published = partner.get("/api/v1/sandbox").json()
    keys = core.parse_jwk_set(published["keys"])
    at = int(now.timestamp()) + 1
    uri = core.decode(published["specimens"][0]["code"]).code.status.uri
    listed = core.parse_status_list(b64decode(published["status_list"]), keys, at, uri=uri)
    trust = core.Trust({published["issuer"]: core.Issuer(published["issuer"], keys)}, as_of=at)
    for specimen in published["specimens"]:
        verdict = core.verify(
            specimen["code"],
            trust=trust,
            status=core.Statuses.of([listed]),
            rules=core.Rules(),
            at=at,
        )
        assert (verdict.outcome, verdict.reason) == (specimen["outcome"], specimen["reason"])


def test_specimens_are_refused_outside_the_sandbox(
    partner: APIClient, door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    for specimen in sandbox.specimens(at=int(now.timestamp())):
        verdict = partner.post("/api/v1/verifications", {"code": specimen.code}, format="json")
        assert verdict.json()["reason"] in {"unknown_issuer", "malformed"}
        assert verdict.json()["outcome"] == scan(door, specimen.code).json()["outcome"] == "refuse"


def test_real_codes_are_unknown_in_the_sandbox(
    partner: APIClient, zhejiang: Authority, now: datetime
) -> None:
    code = {"code": zhejiang.code(at=now)}
    verdict = partner.post("/api/v1/sandbox/verifications", code, format="json").json()
    assert (verdict["reason"], verdict["holder"]) == ("unknown_issuer", None)


def test_the_sandbox_is_not_to_be_trusted(db: None, now: datetime) -> None:
    with pytest.raises(InvalidInput):
        trust_issuer(name="CN-SPECIMEN", base_url="https://specimen.invalid", at=now)
    with pytest.raises(CommandError):
        administer("trust_issuer", "CN-SPECIMEN", "https://specimen.invalid", "--later")
    assert not TrustedIssuer.objects.exists()


def test_not_even_when_its_keys_are_in_the_tables(
    door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    """A trust list or an edit of the database could put them there."""
    intruder = Authority(name="CN-SPECIMEN", base_url="https://specimen.invalid")
    TrustedIssuer.objects.create(name=intruder.name, base_url=intruder.base_url)
    keep_keys(intruder.name, uri=intruder.keys_uri, body=intruder.keys(), etag="", at=now)
    knowledge.forget()
    answer = scan(door, intruder.code(at=now - timedelta(seconds=1))).json()
    assert (answer["outcome"], answer["reason"]) == ("refuse", "unknown_issuer")
