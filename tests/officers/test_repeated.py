"""Whoever sends an officer's write twice acts once, by interface and by page."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, Final

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from time_machine import TimeMachineFixture

from accounts.idempotency import KEPT_FOR, forget_answers
from accounts.models import Account, KeptAnswer, Role
from healthcode.acts.models import Act
from healthcode.areas.models import Area, AreaLevel
from healthcode.colours.policy import RuleSet
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.web.advisory_locks import AdvisoryLock
from healthcode.web.calls import AtWork, CallKind, at
from tests.acts import SENT_GROUND
from tests.areas.conftest import client_of, officer, staff, zhejiang
from tests.colours import world
from tests.colours.conftest import Beside, backend_pid, beside, wait_until_blocked

__all__ = ["beside", "officer", "zhejiang"]

URL: Final = "/api/v1/areas/levels"
KEY: Final = '"8e03978e-40d5-43e8-bc93-6894a57f9324"'
MAP: Final = {
    "effective_from": "2020-02-09",
    **SENT_GROUND,
    "levels": [{"code": "330102", "level": "red"}],
}


def put(client: APIClient, key: str | None = KEY, **frame: object) -> Any:
    sent = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    body = json.dumps({**MAP, **frame})
    return client.put(URL, body, content_type="application/json", **sent)


def test_a_repeated_request_gets_the_first_answer_and_does_nothing(officer: Account) -> None:
    first = put(client_of(officer), whole_of="33")
    acts = Act.objects.count()
    Area.objects.filter(code="330102").update(name="another name")
    again = put(client_of(officer), whole_of="33")
    assert (again.status_code, again.content) == (200, first.content)
    assert "上城区" in again.content.decode()
    assert {name: again[name] for name in ("Content-Type", "Content-Language")} == {
        name: first[name] for name in ("Content-Type", "Content-Language")
    }
    assert Act.objects.count() == acts


def test_a_key_belongs_to_one_request_of_one_account(officer: Account) -> None:
    assert put(client_of(officer)).status_code == 200
    other = put(client_of(officer), effective_from="2020-02-10")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert put(client_of(officer), '"another"', effective_from="2020-02-10").status_code == 200
    li = staff("li", Role.OFFICER, "33")
    assert put(client_of(li), effective_from="2020-02-11").status_code == 200
    assert Act.objects.filter(kind="levels-published").count() == 3


def test_a_preview_and_its_map_are_two_requests(officer: Account) -> None:
    client = client_of(officer)
    assert put(client, levels=[]).status_code == 422
    sent = {"content_type": "application/json", "HTTP_IDEMPOTENCY_KEY": '"two"'}
    assert client.put(f"{URL}?preview=false", json.dumps(MAP), **sent).status_code == 200
    assert client.put(f"{URL}?preview=true", json.dumps(MAP), **sent).status_code == 422


def test_what_was_refused_stays_refused(officer: Account, time_machine: TimeMachineFixture) -> None:
    """A copy that the network delivers late must not do what was refused before."""
    client, now = client_of(officer), timezone.now()
    too_far_ahead = (now + timedelta(days=7, minutes=10)).isoformat()
    refused = put(client, effective_from=too_far_ahead)
    time_machine.move_to(now + timedelta(minutes=30))
    again = put(client, effective_from=too_far_ahead)
    assert (again.status_code, again.content) == (422, refused.content)
    outside = put(client, '"outside"', levels=[{"code": "310104", "level": "red"}])
    assert (outside.status_code, KeptAnswer.objects.count()) == (403, 2)
    assert put(client, None, effective_from=too_far_ahead).status_code == 200


def test_who_may_not_call_or_shall_come_again_leaves_nothing(
    real_officer: Account, beside: Beside
) -> None:
    assert put(client_of(staff("he", Role.SOURCE, "33"))).status_code == 403
    assert put(APIClient()).status_code == 401
    client = client_of(real_officer)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK areas_arealevel")
        unavailable = beside(_put_as_a_server_does, client).result(timeout=60)
    assert (unavailable.status_code, KeptAnswer.objects.count()) == (503, 0)
    assert put(client).status_code == 200


@pytest.mark.parametrize(
    "key",
    ["", "8e03978e-40d5", '""', '"a', '"a", "b"', '"ä"', '"a\\b"', '"a";p=1', f'"{"x" * 256}"'],
    ids=["empty", "bare", "no text", "open", "two", "letter", "escape", "parameter", "long"],
)
def test_a_key_is_a_string_of_structured_fields(officer: Account, key: str) -> None:
    answer = put(client_of(officer), key)
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/malformed-idempotency-key"
    assert not Act.objects.exists()


@pytest.mark.parametrize("key", [f'"{"x" * 255}"', '"a b"', '"\\"\\\\"'])
def test_odd_keys_are_keys(officer: Account, key: str) -> None:
    assert put(client_of(officer), key).status_code == 200


def test_answers_are_forgotten_after_a_day(officer: Account) -> None:
    first = put(client_of(officer)).json()["act"]
    now = KeptAnswer.objects.get().at
    assert forget_answers(now + KEPT_FOR) == 0
    assert put(client_of(officer)).json()["act"] == first
    assert forget_answers(now + KEPT_FOR + timedelta(seconds=1)) == 1


@pytest.fixture
def real_officer(transactional_db: None) -> Iterator[Account]:
    """Create an officer and a county, with real transactions."""
    Area.objects.bulk_create(Area(code=code, name=code) for code in ("33", "330102"))
    yield staff("wang", Role.OFFICER, "33")
    AreaLevel.objects.all().delete()


def test_two_that_arrive_at_once_get_one_answer(real_officer: Account) -> None:
    together = Barrier(4)
    clients = [client_of(real_officer) for _ in range(4)]

    def send(client: APIClient) -> bytes:
        together.wait()
        try:
            content: bytes = put(client).content
            return content
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(send, clients))
    assert len(answers) == 1
    assert Act.objects.count() == KeptAnswer.objects.count() == 1


def test_a_repetition_waits_only_as_long_as_for_any_lock(
    real_officer: Account, beside: Beside
) -> None:
    client, copy = client_of(real_officer), client_of(real_officer)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {AdvisoryLock.LEVELS.alone}")
        first = beside(put, client)
        wait_until_blocked(first, by=backend_pid())
        late = beside(_put_as_a_server_does, copy).result(timeout=60)
    assert first.result(timeout=60).status_code == 200
    assert (late.status_code, late["Retry-After"]) == (409, "2")
    assert late.json()["type"] == "/problems/request-at-work"
    assert put(client).content == first.result().content
    assert Act.objects.count() == 1


def _put_as_a_server_does(client: APIClient) -> Any:
    """Send the map within the limits of a call, so that no lock is waited for longer."""
    with at(AtWork(CallKind.REST)):
        return put(client)


@pytest.fixture
def desk(officer: Account) -> Client:
    """Return a browser as officers use it, with the CSRF check."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(officer)
    return browser


@pytest.fixture
def case(policy: RuleSet) -> Evidence:
    """Make somebody in Hangzhou a case."""
    [person] = world.people(1, home="330102")
    known = timezone.now() - timedelta(days=1)
    return world.fact(person, EvidenceKind.CASE, known, None, "confirmed")


def hidden_fields(page: Any) -> dict[str, str]:
    """Return the hidden fields of a page's form, with the token that each page has anew."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode())
    return dict(found)


def look(desk: Client, number: int) -> Any:
    """Ask for a fact, with a ground."""
    return desk.post("/officer/evidence", {"number": number, "look": "1", **SENT_GROUND})


def test_a_form_sent_twice_is_one_act(desk: Client, case: Evidence) -> None:
    page = look(desk, case.pk)
    form = {**hidden_fields(page), **SENT_GROUND, "number": str(case.pk)}
    first = desk.post("/officer/evidence", form)
    again = desk.post("/officer/evidence", form)
    assert first.status_code == again.status_code == 302
    assert again["Location"] == first["Location"]
    assert Act.objects.filter(kind="evidence-withdrawn").count() == 1

    fresh = hidden_fields(look(desk, case.pk))
    assert fresh["csrfmiddlewaretoken"] != form["csrfmiddlewaretoken"]
    assert desk.post("/officer/evidence", {**form, **fresh}).status_code == 409


def test_a_form_with_a_mistake_is_not_remembered(desk: Client, case: Evidence) -> None:
    page = look(desk, case.pk)
    form = {**hidden_fields(page), **SENT_GROUND, "number": str(case.pk)}
    assert desk.post("/officer/evidence", {**form, "ground": "."}).status_code == 422
    assert not KeptAnswer.objects.exists()
    assert desk.post("/officer/evidence", form).status_code == 302
