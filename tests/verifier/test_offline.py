"""The page that starts without network, and what the venue sees of scans judged there."""

from datetime import datetime, timedelta

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Account
from tests.verifier.authority import Authority
from tests.verifier.test_batch import offline, send
from tests.verifier.test_pages import text_of
from verifier.models import Venue
from verifier.venues.selectors import differences


@pytest.fixture
def li_na(manager: Account) -> Client:
    """The manager's browser, set to English."""
    client = Client()
    client.cookies["language"] = "en"
    client.force_login(manager)
    return client


def test_what_the_server_would_have_judged_otherwise(
    door: APIClient, li_na: Client, venue: Venue, zhejiang: Authority, now: datetime
) -> None:
    then = now - timedelta(hours=30)
    passed = {"given_outcome": "pass", "given_reason": "ok"}
    send(
        door,
        [
            offline(zhejiang.code(at=then), then, **passed),
            offline(zhejiang.code(at=then, life=timedelta(seconds=60)), now, **passed),
            offline(zhejiang.code(at=then), then),
        ],
    )
    (found,) = differences(venue, at=now)
    assert found.scanned_at == now
    assert found.device == "North gate"
    assert (found.given.value, found.outcome.value, found.reason.value) == (
        "pass",
        "refuse",
        "expired",
    )
    page = text_of(li_na.get(f"/venues/{venue.pk}"))
    assert "Different result afterwards" in page
    assert "North gate At the door Let in. Green code." in page
    assert "The server No entry. This code has expired." in page
    assert "of these, without a network 1" in page


def test_where_all_agree_nothing_is_said(
    door: APIClient, li_na: Client, venue: Venue, zhejiang: Authority, now: datetime
) -> None:
    send(door, [offline(zhejiang.code(at=now), now, given_outcome="pass", given_reason="ok")])
    assert differences(venue, at=now) == []
    assert "Different result" not in text_of(li_na.get(f"/venues/{venue.pk}"))


@pytest.mark.parametrize(
    ("language", "name"), [("zh-hans", "健康码扫码"), ("en", "Health code scanner")]
)
def test_the_manifest(db: None, language: str, name: str) -> None:
    client = Client()
    client.cookies["language"] = language
    answer = client.get("/scanner.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    manifest = answer.json()
    assert manifest["name"] == name
    assert manifest["start_url"] == manifest["scope"] == "/scanner"
    for icon in manifest["icons"]:
        assert finders.find(icon["src"].removeprefix("/static/"))


def test_the_worker_may_serve_the_scanner(db: None) -> None:
    """Its address decides what it may serve, and browsers look for a new version at every start."""
    answer = Client().get("/scanner-worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    assert b"fetch" in answer.content


def test_the_page_names_the_version_of_its_files(db: None) -> None:
    page = Client().get("/scanner").content.decode()
    (version,) = {part.partition('"')[0] for part in page.split("built/scanner.js?")[1:]}
    assert len(version) == 12
    assert f"zxing_reader.wasm?{version}" in page
    assert f"scanner.css?{version}" in page
