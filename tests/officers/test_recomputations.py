"""GET /api/v1/recomputations/{id}: officers watch the progress."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Account, Grant, Role
from accounts.services import issue_token
from healthcode.colours.models import Cause
from healthcode.colours.recompute import request, run
from healthcode.evidence.models import EvidenceKind
from tests.colours import world
from tests.colours.world import shanghai

pytestmark = pytest.mark.django_db

NOON = shanghai(2, 20, 12)


def client_of(account: Account) -> APIClient:
    token = issue_token(
        account=account, label="test", expires_at=timezone.now() + timedelta(hours=1)
    )
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")


@pytest.mark.usefixtures("policy")
def test_an_officer_watches_it_from_pending_to_done() -> None:
    ill, well = world.people(2)
    world.fact(ill, EvidenceKind.CASE, shanghai(2, 5), None, "confirmed")
    recomputation = request(cause=Cause.EVIDENCE, people=[ill, well])
    officer = client_of(world.officer())
    address = f"/api/v1/recomputations/{recomputation.pk}"

    assert officer.get(address).json() == {
        "state": "pending",
        "people_found": None,
        "people_done": 0,
        "people_changed": 0,
        "started_at": None,
        "finished_at": None,
    }

    run(recomputation.pk, clock=lambda: NOON)

    assert officer.get(address).json() == {
        "state": "done",
        "people_found": 2,
        "people_done": 2,
        "people_changed": 1,
        "started_at": "2020-02-20T12:00:00+08:00",
        "finished_at": "2020-02-20T12:00:00+08:00",
    }


@pytest.mark.parametrize("number", [1, 2**31, 2**63 - 1, 2**63, 10**30])
def test_a_number_that_is_none_is_not_found(number: int) -> None:
    answer = client_of(world.officer()).get(f"/api/v1/recomputations/{number}")

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_others_do_not_see_it() -> None:
    source = Account.objects.create(username="hospital")
    Grant.objects.create(account=source, role=Role.SOURCE, area="33")

    assert client_of(source).get("/api/v1/recomputations/1").status_code == 403
    assert APIClient().get("/api/v1/recomputations/1").status_code == 401
