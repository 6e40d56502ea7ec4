"""Everything that doors and partners do works with the rights of the doors' database role."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import ProgrammingError, connection, transaction
from rest_framework.test import APIClient

from healthcode.core import Colour
from tests.owner import as_doors
from tests.verifier.authority import Authority
from tests.verifier.conftest import ClockAt
from tests.verifier.partner import PartnerMachine
from tests.verifier.test_enrolment import ask
from tests.verifier.test_partners import SANDBOX, VERIFICATIONS, client_with, register
from tests.verifier.test_scans import scan
from verifier.models import Doubt, Venue
from verifier.venues.services import add_device

pytestmark = pytest.mark.django_db


@pytest.fixture
def code(venue: Venue, zhejiang: Authority, now: datetime) -> Iterator[str]:
    """Make an enrolment code, with a doubt to tell the venue's doors; then only doors' rights."""
    enrolment = add_device(venue=venue, label="North gate", at=now)
    Doubt.objects.create(
        venue=venue,
        day=now.date(),
        tag="TAG23456",
        kind="often",
        shown_at=now,
        scans=6,
        first_at=now,
        last_at=now,
        devices=[enrolment.device.pk],
    )
    with as_doors():
        yield enrolment.code


def test_a_door_is_enrolled_scans_and_gets_its_bundle(
    code: str, zhejiang: Authority, now: datetime, clock_at: ClockAt
) -> None:
    with clock_at(now):
        assert ask("WRONG-0000").status_code == 422
        enrolled = ask(code)
        assert enrolled.status_code == 200, enrolled.content
        door = APIClient()
        door.credentials(HTTP_AUTHORIZATION=f"Bearer {enrolled.json()['token']}")
        green, red = zhejiang.code(at=now), zhejiang.code(at=now, colour=Colour.RED)
        first = scan(door, green).json()
        assert first["outcome"] == "pass"
        assert scan(door, green, id=first["id"]).json() == first
        assert scan(door, red, id=first["id"]).status_code == 409
        offline = {"id": "0" * 31 + "1", "code": red, "scanned_at": now.isoformat()}
        batch = door.post("/api/v1/scans/batch", {"scans": [offline] * 2}, format="json")
        assert [one["answer"]["outcome"] for one in batch.json()["results"]] == ["refuse"] * 2
        assert door.get("/api/v1/devices/bundle").status_code == 200
        lists = door.get("/api/v1/devices/status-list", {"uri": zhejiang.list_uri})
        assert lists.status_code == 200


def test_a_partner_gets_a_token_and_verdicts(
    venue: Venue, zhejiang: Authority, now: datetime
) -> None:
    machine = PartnerMachine()
    register(machine)
    with as_doors():
        client = client_with(machine.asks(assertion=machine.assertion(at=now)))
        codes = [zhejiang.code(at=now), "x"]
        told = client.post(VERIFICATIONS, codes, format="json").json()
        assert [verdict["reason"] for verdict in told] == ["ok", "malformed"]
        assert client.get(SANDBOX).status_code == 200
        assert client.post(VERIFICATIONS, ["x"] * 99, format="json").status_code == 429


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT name_sealed FROM accounts_identity",
        "SELECT phone_index FROM accounts_account",
        "SELECT password FROM accounts_account",
        "SELECT * FROM evidence_evidence",
        "SELECT colour FROM colours_personcolour",
        "SELECT status_idx FROM verifier_scan",
        "SELECT tag FROM verifier_doubt",
        "SELECT session_data FROM django_session",
        "INSERT INTO accounts_token (digest, account_id, label, scope, expires_at)"
        " VALUES ('x', 1, '', '', now())",
        "UPDATE verifier_device SET revoked_at = NULL",
        "SELECT drop_partition('verifier_scan', '2020-01-01')",
        "CREATE TABLE mine ()",
    ],
)
def test_and_nothing_else_does(statement: str) -> None:
    with (
        as_doors(),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
