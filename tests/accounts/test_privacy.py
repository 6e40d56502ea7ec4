"""Nothing that identifies a person leaves the vault for logs, answers, errors or tables."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import admission
from accounts.login_models import LimitEvent
from accounts.models import (
    Account,
    Identity,
)
from tests.accounts.conftest import api_client
from tests.accounts.people import LI, PHONE, WANG
from tests.owner import as_owner

THEIR_PHONE = "13912345678"
NUMBER = WANG["id_number"]
# Each secret has the parts of it that would still identify the person.
SECRETS = [WANG["name"], WANG["name"][1:], NUMBER, NUMBER[6:14], PHONE, PHONE[3:], THEIR_PHONE]


def told(text: str) -> list[str]:
    """Return which secrets a text contains, in any spelling that the tests use."""
    escaped = text.encode().decode("unicode_escape", errors="ignore")
    return [secret for secret in SECRETS if secret in text or secret in escaped]


def stored() -> Iterator[tuple[str, bytes]]:
    """Return every value of every text and binary column of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN"
            " ('text', 'character varying', 'bytea', 'jsonb')"
        )
        for table, column, kind in cursor.fetchall():
            cast = f'"{column}"' if kind == "bytea" else f"convert_to(\"{column}\"::text, 'UTF8')"
            cursor.execute(f'SELECT {cast} FROM "{table}" WHERE "{column}" IS NOT NULL')  # noqa: S608
            yield from ((f"{table}.{column}", bytes(value)) for (value,) in cursor.fetchall())


@pytest.fixture
def busy(
    resident: Account, last_code: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> list[str]:
    """Return the answers while somebody does everything possible here, right and wrong."""
    caplog.set_level("DEBUG")
    LimitEvent.objects.all().delete()
    client, page = api_client(resident), Client()
    json = {"content_type": "application/json"}
    body = {**WANG, "phone": THEIR_PHONE}
    answers = [
        client.post("/api/v1/people", body, **json),
        client.post("/api/v1/people", body, **json),
        client.post("/api/v1/people", {**body, "home_area": "339999"}, **json),
        client.post("/api/v1/people", {**body, "id_type": "14"}, **json),
        client.post("/api/v1/people", {**body, "id_number": NUMBER[:-1]}, **json),
        client.post("/api/v1/people", {**body, "name": WANG["name"] * 40}, **json),
        client.post("/api/v1/people", {**body, "relation": WANG["name"]}, **json),
        client.post("/api/v1/people", f'{{"name": "{WANG["name"]}', **json),
        client.get("/api/v1/people"),
        client.post("/api/v1/auth/login", {"phone": PHONE, "otp": PHONE}, **json),
        client.post("/api/v1/auth/otp", {"phone": PHONE}, **json),
        client.post("/api/v1/auth/otp", {"phone": PHONE}, **json),
        page.post("/login", {"phone": PHONE}),
        page.post("/login", {"phone": "13900000009"}),
        page.post("/login/code", {"otp": "1"}),
        page.get("/login/code"),
        page.post("/login/code", {"otp": last_code()}),
        page.get("/login/check"),
        page.post("/login/check", {"document_last4": "0000"}),
        page.post("/login/check", {"document_last4": NUMBER[-4:]}),
        page.get("/me"),
    ]
    return [f"{answer.headers}{answer.content.decode()}" for answer in answers]


def test_no_answer_tells_who_somebody_is(busy: list[str]) -> None:
    assert [told(answer) for answer in busy if told(answer)] == []


def test_no_log_record_tells_who_somebody_is(
    busy: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    said = [
        record.getMessage() + str(record.exc_text or "") for record in caplog.get_records("setup")
    ]
    assert said
    assert [told(line) for line in said if told(line)] == []


def test_the_database_holds_nobody_in_clear(busy: list[str]) -> None:
    values = list(stored())
    assert any(column == "accounts_identity.name_sealed" for column, _value in values)
    for secret in SECRETS:
        for encoded in (
            secret.encode(),
            secret.encode("utf-16-le"),
            secret.encode().hex().encode(),
        ):
            assert [column for column, value in values if encoded in value] == []


def test_one_person_registered_again_leaves_no_link(areas: None) -> None:
    """Equal texts have different sealed values, so nobody can see who shares a name or a phone."""
    people = [admission.NewPerson(**who, phone=PHONE) for who in (WANG, {**LI, "name": "王秀英"})]
    admission.admit(people, at=timezone.now())
    first, second = Identity.objects.all()
    for column in ("name_sealed", "phone_sealed", "number_sealed"):
        assert bytes(getattr(first, column)) != bytes(getattr(second, column))


def test_a_newcomer_has_no_representation() -> None:
    assert told(repr(admission.NewPerson(**WANG))) == []


def test_a_failure_inside_tells_nothing(
    resident: Account, caplog: pytest.LogCaptureFixture
) -> None:
    """When a table is missing, the error in the log does not contain the input."""
    client = api_client(resident)
    client.raise_request_exception = False
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_identity RENAME COLUMN name_sealed TO gone")
    answer = client.post("/api/v1/people", WANG, content_type="application/json")
    assert answer.status_code == 500
    assert told(answer.content.decode()) == []
    assert any(record.exc_info for record in caplog.records)
    assert told(caplog.text) == []


def test_an_account_does_not_show_its_phone(resident: Account) -> None:
    assert told(f"{resident!r} {resident}") == []
