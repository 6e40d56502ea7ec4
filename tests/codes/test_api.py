"""Codes over the HTTP interface."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.test import Client, override_settings
from pytest_django import DjangoAssertNumQueries

from healthcode.codes.models import SigningKey
from healthcode.core import Kind, Reason, decode
from healthcode.residents.declarations.services import declare
from tests.codes.conftest import FEVERISH, NOON, Resident, at_the_door, register, scanned

pytestmark = [pytest.mark.clock, pytest.mark.usefixtures("signing_key")]
PATH = "/api/v1/people/{}/code"
SUFFIXES = ["", ".png", ".svg", ".pdf"]


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def test_a_resident_gets_their_code(zhang: Resident) -> None:
    answer = zhang.client.get(PATH.format(zhang.person.pk))
    assert answer.status_code == 200
    body = answer.json()
    assert at_the_door(body.pop("code"), at=NOON).reason is Reason.OK
    assert body == {
        "kind": "live",
        "colour": "green",
        "holder": "张*",
        "issued_at": "2026-02-24T12:00:00+08:00",
        "expires_at": "2026-02-24T12:05:00+08:00",
        "refresh_after": "2026-02-24T12:02:30+08:00",
        "until": None,
        "reasons": [],
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_reasons_come_in_the_language_that_was_asked_for(zhang: Resident) -> None:
    declare(account=zhang.account, person=zhang.person, declaration=FEVERISH, at=NOON)
    path = PATH.format(zhang.person.pk)
    english = zhang.client.get(path).json()
    chinese = zhang.client.get(path, headers={"Accept-Language": "zh-CN"}).json()
    assert english["colour"] == chinese["colour"] == "yellow"
    assert "fever" in english["reasons"][0]["text"]
    assert "发烧" in chinese["reasons"][0]["text"]


def test_a_paper_code_is_to_be_had_too(zhang: Resident) -> None:
    body = zhang.client.get(PATH.format(zhang.person.pk), {"kind": "paper"}).json()
    assert decode(body["code"]).code.kind is Kind.PAPER
    assert datetime.fromisoformat(body["expires_at"]).isoformat() == "2026-03-10T12:00:00+08:00"


def test_the_hot_path_asks_the_database_once(
    zhang: Resident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client, path = zhang.client, PATH.format(zhang.person.pk)
    client.get(path)
    with django_assert_num_queries(1):
        client.get(path)


def test_a_png_is_a_picture_of_a_code(zhang: Resident) -> None:
    answer = zhang.client.get(PATH.format(zhang.person.pk) + ".png")
    assert answer.headers["Content-Type"] == "image/png"
    assert at_the_door(scanned(answer.content), at=NOON).reason is Reason.OK


@pytest.mark.parametrize(
    ("suffix", "content_type", "begins"),
    [
        (".png", "image/png", b"\x89PNG"),
        (".svg", "image/svg+xml", b"<svg "),
        (".pdf", "application/pdf", b"%PDF-"),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "image/png,image/*;q=0.8,*/*;q=0.5"])
def test_pictures_say_what_they_are(
    zhang: Resident, suffix: str, content_type: str, begins: bytes, accept: str
) -> None:
    answer = zhang.client.get(PATH.format(zhang.person.pk) + suffix, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
    assert answer.content.startswith(begins)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_who_has_not_declared_is_told_to(world: None, suffix: str) -> None:
    li = register("李四", "E11111111")
    answer = li.client.get(PATH.format(li.person.pk) + suffix)
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/declare-first"
    assert "declaration" in answer.json()["detail"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("number", ["stranger", "0", "9223372036854775808", "9" * 400])
def test_other_peoples_codes_are_not_found(zhang: Resident, suffix: str, number: str) -> None:
    li = register("李四", "E11111111")
    person = zhang.person.pk if number == "stranger" else number
    answer = li.client.get(PATH.format(person) + suffix)
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not-found"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_process_that_does_not_sign_says_so(zhang: Resident, suffix: str) -> None:
    with override_settings(SIGNING_KEY_SECRET=""):
        answer = zhang.client.get(PATH.format(zhang.person.pk) + suffix)
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/does-not-sign"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_code_is_not_for_strangers(zhang: Resident, client: Client, suffix: str) -> None:
    answer = client.get(PATH.format(zhang.person.pk) + suffix)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-authenticated")


def test_an_unknown_kind_is_refused(zhang: Resident) -> None:
    answer = zhang.client.get(PATH.format(zhang.person.pk), {"kind": "golden"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/kind"


def test_without_a_key_no_code_is_made(zhang: Resident, signing_key: SigningKey) -> None:
    signing_key.delete()
    answer = zhang.client.get(PATH.format(zhang.person.pk))
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/does-not-sign")
