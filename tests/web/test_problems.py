"""Every error of the interface is a problem document with a stable type."""

import re

import pytest
from rest_framework import exceptions, serializers

from healthcode.web.errors import NotFound, TooMany
from healthcode.web.fields import InstantField, StrictSerializer
from healthcode.web.problems import exception_handler, flatten
from healthcode.web.refusals import every_refusal


class Inner(StrictSerializer):
    code = serializers.CharField()


class Outer(StrictSerializer):
    day = serializers.DateField()
    stays = Inner(many=True)


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (NotFound("Not there."), 404, "not-found"),
        (exceptions.ParseError("JSON parse error"), 400, "malformed-json"),
        (exceptions.NotAuthenticated(), 401, "not-authenticated"),
        (exceptions.AuthenticationFailed(), 401, "not-authenticated"),
        (exceptions.PermissionDenied(), 403, "forbidden"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method-not-allowed"),
        (exceptions.UnsupportedMediaType("text/html"), 415, "unsupported-media-type"),
        (exceptions.ValidationError({"day": ["No."]}), 422, "invalid-input"),
    ],
)
def test_each_error_has_its_type_and_status(error: Exception, status: int, slug: str) -> None:
    answer = exception_handler(error, {})
    assert answer is not None
    assert answer.status_code == status
    assert answer.data["type"] == f"/problems/{slug}"
    assert answer.data["detail"]


def test_waiting_is_said_in_the_header_as_well() -> None:
    answer = exception_handler(TooMany("Wait.", retry_after=30), {})
    assert answer is not None
    assert answer.headers["Retry-After"] == "30"
    assert answer.data["retry_after"] == 30


def test_a_fault_of_ours_is_left_to_the_server() -> None:
    assert exception_handler(RuntimeError("secret"), {}) is None


def test_faults_are_pointed_at() -> None:
    form = Outer(data={"day": "yesterday", "stays": [{"code": "3301"}, {"kode": "33"}]})
    assert not form.is_valid()
    pointers = {fault["pointer"] for fault in flatten(form.errors)}
    assert pointers == {"/day", "/stays/1/kode"}


def test_a_member_with_a_slash_is_escaped() -> None:
    assert list(flatten({"a/b": ["No."]})) == [{"pointer": "/a~1b", "detail": "No."}]


def test_each_slug_is_one_class_s() -> None:
    slugs = [refusal.slug for refusal in every_refusal()]
    assert sorted(slugs) == sorted(set(slugs))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in slugs)


def test_every_refusal_has_its_own_title_and_takes_no_slug_of_another() -> None:
    for refusal in every_refusal():
        assert "title" in vars(refusal), refusal
        assert "status" not in vars(refusal) or 400 <= refusal.status < 600


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2026-11-22T08:00:00+08:00", True),
        ("2026-11-22T00:00:00Z", True),
        ("2026-11-22T00:00:00.123456Z", True),
        ("2026-11-22T08:00:00", False),
        ("2026-11-22", False),
        (1795305635, False),
        ("yesterdayZ", False),
    ],
)
def test_an_instant_needs_its_offset(text: object, valid: bool) -> None:
    class Timed(StrictSerializer):
        at = InstantField()

    assert Timed(data={"at": text}).is_valid() is valid
