"""What the issuer publishes for all verifiers."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from healthcode.codes.models import SigningKey
from healthcode.codes.status_lists import editions
from healthcode.colours.policy import parse
from healthcode.core import parse_jwk_set, parse_status_list
from tests.codes.conftest import NOON, Resident, code_of

pytestmark = [pytest.mark.clock, pytest.mark.usefixtures("signing_key")]
BASE = "/.well-known/health-code/"


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def test_a_verifier_finds_everything_from_one_address(zhang: Resident, client: Client) -> None:
    code_of(zhang)
    metadata = client.get(BASE).json()
    assert (metadata["version"], metadata["issuer"]) == (1, settings.ISSUER)
    assert metadata["codes"] == {
        "scheme": "JK1:",
        "live_seconds": settings.LIVE_CODE_SECONDS,
        "paper_seconds": settings.PAPER_CODE_SECONDS,
    }
    assert metadata["status_list_ttl"] == 30
    keys = parse_jwk_set(client.get(urlsplit(metadata["jwks_uri"]).path).content)
    assert len(metadata["status_lists"]) == 2
    for uri in metadata["status_lists"]:
        token = client.get(urlsplit(uri).path).content
        parsed = parse_status_list(token, keys, int(NOON.timestamp()), uri=uri)
        assert parsed.issuer == settings.ISSUER
    policy = client.get(urlsplit(metadata["policy_uri"]).path).json()
    assert parse(policy["toml"]).version == policy["version"]
    levels = client.get(urlsplit(metadata["levels_uri"]).path).json()
    assert levels == {"issuer": settings.ISSUER, "since": None, "levels": []}


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        (BASE, "application/json"),
        (f"{BASE}keys", "application/jwk-set+json"),
        (f"{BASE}policy", "application/json"),
        (f"{BASE}levels", "application/json"),
        ("/s/20260224", "application/statuslist+cwt"),
    ],
)
def test_publications_are_fit_for_a_cache(
    zhang: Resident, client: Client, path: str, content_type: str
) -> None:
    editions.publish(at=NOON)
    answer = client.get(path)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert "Vary" not in answer.headers
    assert not answer.cookies
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"another"'}).status_code == 200
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


def test_a_withdrawn_key_is_published_no_more(client: Client, signing_key: SigningKey) -> None:
    path = f"{BASE}keys"
    before = client.get(path)
    assert len(parse_jwk_set(before.content)) == 1
    signing_key.withdrawn_at = NOON
    signing_key.save()
    after = client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert parse_jwk_set(after.content) == ()


def test_nothing_private_is_published(client: Client, signing_key: SigningKey) -> None:
    (jwk,) = client.get(f"{BASE}keys").json()["keys"]
    assert set(jwk) == {"kty", "crv", "x", "y", "alg", "use", "kid", "nbf", "exp"}


@pytest.mark.parametrize(
    "name", ["20260223", "20260299", "00000000", "20260224-1", "20260224-0", "2026022", "x"]
)
def test_a_day_without_a_list_is_not_found(zhang: Resident, client: Client, name: str) -> None:
    editions.publish(at=NOON)
    assert client.get(f"/s/{name}").status_code == 404


def test_there_is_no_policy_before_the_first(client: Client) -> None:
    assert client.get(f"{BASE}policy").status_code == 404


@pytest.mark.parametrize(
    "address", [f"{BASE}nothing", "/.well-known/nothing", "/s/", "/s/20260223", "/s/20260223/more"]
)
def test_what_is_not_there_is_a_problem_document(db: None, client: Client, address: str) -> None:
    answer = client.get(address, headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["type"] == "/problems/not-found"
