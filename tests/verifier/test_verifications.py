"""Verdicts for partners: for one code or many, and nothing about people is stored."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Account, Role
from accounts.services import add_staff, issue_token
from healthcode.core import Colour
from tests.verifier.authority import Authority
from verifier.models import Scan

VERIFICATIONS = "/api/v1/verifications"


@pytest.fixture
def partner(db: None, now: datetime) -> APIClient:
    """Jiangsu's gateway, in English."""
    account = add_staff(
        username="cn-32", password=None, role=Role.PARTNER, area="", at=timezone.now()
    )
    token = issue_token(account=account, label="gateway", expires_at=now + timedelta(days=1))
    client = APIClient(headers={"Accept-Language": "en"})
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_one_code(partner: APIClient, zhejiang: Authority, now: datetime) -> None:
    issued_at = now.replace(microsecond=0) - timedelta(seconds=30)
    body = partner.post(VERIFICATIONS, {"code": zhejiang.code(at=issued_at)}, format="json").json()
    assert 30 <= body.pop("age_seconds") <= 32
    assert body.pop("trust_age_seconds") <= 2
    assert body.pop("status_age_seconds") <= 2
    assert body == {
        "outcome": "pass",
        "reason": "ok",
        "colour": "green",
        "holder": "张*",
        "issuer": "CN-33",
        "issued_at": text(issued_at),
        "expires_at": text(issued_at + timedelta(minutes=5)),
        "message": "Green code. Let them in.",
    }


def text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def test_many_codes_in_order(partner: APIClient, zhejiang: Authority, now: datetime) -> None:
    codes = [zhejiang.code(at=now, colour=colour) for colour in Colour]
    mixed = [codes[0], {"code": codes[1]}, codes[2], "https://example.org", "HC1:"]
    answer = partner.post(VERIFICATIONS, mixed, format="json")
    reasons = [verdict["reason"] for verdict in answer.json()]
    assert reasons == ["ok", "yellow", "red", "malformed", "malformed"]


def test_nothing_is_recorded(partner: APIClient, zhejiang: Authority, now: datetime) -> None:
    partner.post(VERIFICATIONS, [zhejiang.code(at=now)], format="json")
    assert not Scan.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ([], 422),
        ("JK1:", 422),
        ({"code": None}, 422),
        ({"code": ["JK1:"]}, 422),
        ([None], 422),
        ([["JK1:"]], 422),
        ([{"code": "JK1:", "who": "me"}], 422),
        (["JK1:"] * 5001, 422),
        ({"code": "A" * 1_000_000}, 413),
    ],
)
def test_bad_input_is_explained(partner: APIClient, body: object, status: int) -> None:
    answer = partner.post(VERIFICATIONS, body, format="json")
    assert answer.status_code == status
    assert answer.json()["type"].startswith("/problems/")


def test_malformed_json(partner: APIClient) -> None:
    answer = partner.post(VERIFICATIONS, '{"code": ', content_type="application/json")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-json")


def test_a_huge_text_in_a_list_is_just_malformed(
    partner: APIClient, zhejiang: Authority, now: datetime
) -> None:
    answer = partner.post(VERIFICATIONS, ["A" * 1_000_000, zhejiang.code(at=now)], format="json")
    assert [verdict["reason"] for verdict in answer.json()] == ["malformed", "ok"]


def test_only_partners(zhejiang: Authority, now: datetime, manager: Account) -> None:
    token = issue_token(account=manager, label="phone", expires_at=now + timedelta(days=1))
    client = APIClient()
    assert client.post(VERIFICATIONS, {"code": "JK1:"}, format="json").status_code == 401
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert client.post(VERIFICATIONS, {"code": "JK1:"}, format="json").status_code == 403


@pytest.mark.parametrize("spelt", ["{} ", "{}\r\n", "\ufeff{}", "\u200b {}\u3000\t"])
def test_blanks_around_a_code_are_no_part_of_it(
    partner: APIClient, zhejiang: Authority, now: datetime, spelt: str
) -> None:
    code = spelt.format(zhejiang.code(at=now))
    assert partner.post(VERIFICATIONS, {"code": code}, format="json").json()["reason"] == "ok"
    many = partner.post(VERIFICATIONS, [code, {"code": code}], format="json").json()
    assert [verdict["reason"] for verdict in many] == ["ok", "ok"]
