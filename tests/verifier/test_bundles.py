"""The bundle of a door: signed, only for this door, enough to judge codes without network."""

import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from pytest_django import Settings
from rest_framework.test import APIClient

from healthcode import core
from healthcode.core.keys import from_base64url
from tests.verifier.authority import Authority
from verifier.models import Venue
from verifier.recognition.trust import knowledge


def fetch(door: APIClient) -> dict[str, Any]:
    """Fetch the bundle, verify it with the key that came with it, and return its content."""
    answer = door.get("/api/v1/devices/bundle")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return opened(answer.json())


def opened(answer: dict[str, Any]) -> dict[str, Any]:
    head, body, tail = answer["bundle"].split(".")
    (key,) = core.parse_jwk_set(answer["keys"])
    header = json.loads(from_base64url(head))
    assert header["typ"] == "health-code-bundle+jws"
    assert from_base64url(header["kid"]) == key.kid
    signature = from_base64url(tail)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    assert isinstance(key.public_key, ec.EllipticCurvePublicKey)
    signed = f"{head}.{body}".encode()
    key.public_key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    content: dict[str, Any] = json.loads(from_base64url(body))
    return content


def test_a_door_gets_its_rules_and_whom_it_may_trust(
    door: APIClient, venue: Venue, zhejiang: Authority, now: datetime
) -> None:
    bundle = fetch(door)
    assert abs(bundle["at"] - now.timestamp()) < 60
    assert (bundle["venue"], bundle["venue_name"]) == (venue.pk, "湖滨地铁站")
    assert core.parse_rules(json.dumps(bundle["rules"]).encode()).admits == core.ADMITTED
    (issuer,) = bundle["issuers"]
    assert issuer["issuer"] == "CN-33"
    assert core.parse_jwk_set({"keys": issuer["keys"]}) == (zhejiang.key,)
    assert issuer["as_of"] == int(now.timestamp())


def test_a_venue_that_refuses_yellow(door: APIClient, venue: Venue, zhejiang: Authority) -> None:
    Venue.objects.filter(pk=venue.pk).update(yellow="refuse")
    assert fetch(door)["rules"]["admits"]["yellow"] == "refuse"


def test_status_lists_come_as_they_were_signed(
    door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    later = now + timedelta(seconds=1)
    (named,) = fetch(door)["status_lists"]
    zhejiang.publishes(at=later, superseded=[7])
    knowledge.forget()
    (newer,) = fetch(door)["status_lists"]
    assert newer["version"] != named["version"]
    answer = door.get("/api/v1/devices/status-list", {"uri": newer["uri"]})
    assert answer["Content-Type"] == "application/statuslist+cwt"
    assert answer["ETag"] == f'"{newer["version"]}"'
    at = int(later.timestamp())
    found = core.parse_status_list(answer.content, (zhejiang.key,), at, uri=newer["uri"])
    assert found.superseded(7)


def test_lists_that_are_not_here(door: APIClient) -> None:
    for uri in ("", "https://hz.example/s/1", "\0"):
        answer = door.get("/api/v1/devices/status-list", {"uri": uri})
        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/not-found"


def test_one_key_as_long_as_the_secret_stays(
    door: APIClient, zhejiang: Authority, settings: Settings
) -> None:
    def key() -> object:
        return door.get("/api/v1/devices/bundle").json()["keys"]

    before = key()
    assert key() == before
    settings.SECRET_KEY = "another secret of fifty random characters or so"
    assert key() != before
