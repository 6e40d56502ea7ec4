"""Every refusal is declared where it can occur, and listed in docs/reference/refusals.md."""

from pathlib import Path
from typing import Any, Final

import pytest
from rest_framework import exceptions

from healthcode.web.management.commands.list_refusals import page
from healthcode.web.problems import FRAMEWORK, type_of
from healthcode.web.refusals import every_refusal, refusals_by_slug
from tests.declared import Undeclared, check, description

ROOT: Final = Path(__file__).resolve().parents[2]
ELSEWHERE: Final = {
    "conflict": "the parent of others",
    "method-not-allowed": "in place of an operation",
    "stale-form": "pages",
    "wrong-password": "the page where staff log in",
    "invitation-over": "the page where staff choose their password",
    **dict.fromkeys(
        (
            *("app-known", "last-factor", "passkey-blocked", "passkey-known", "passkey-of-another"),
            *("passkey-refused", "too-many-passkeys", "wrong-app-code"),
        ),
        "the pages of second factors",
    ),
    "last-administrator": "commands of administrators",
    "own-password": "the pages of administrators",
    "own-tokens-only": "commands of administrators",
    "partner-known": "the pages of administrators",
    "role-ended": "the pages of administrators",
    **dict.fromkeys(
        ("venue-closed", "venue-open", "only-the-manager", "no-such-manager"),
        "the pages about venues",
    ),
    **dict.fromkeys(("already-in-charge", "no-offer"), "the pages about venues"),
    "not-ready": "/readyz",
    "look-not-in-the-log-yet": "the proof of a look, which is a page",
    "not-as-reported": "the proof of a reported fact, which is a page",
}
"""Those that no operation gives, with where they are given."""


def operations() -> list[dict[str, Any]]:
    return [
        operation
        for item in description()["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    ]


def types_of(operation: dict[str, Any]) -> set[str]:
    """Return the types of the problem documents that it declares; other errors are plain text."""
    schemas = description()["components"]["schemas"]
    forms = [
        form["schema"]
        for status, answer in operation["responses"].items()
        if int(status) >= 400
        for media_type, form in answer["content"].items()
        if not media_type.startswith("text/")
    ]
    references = [one["$ref"] for form in forms for one in form.get("oneOf", [form])]
    return {
        schemas[reference.rpartition("/")[2]]["properties"]["type"]["const"]
        for reference in references
    }


def test_every_refusal_is_declared_by_an_operation_or_given_elsewhere() -> None:
    declared = set().union(*(types_of(operation) for operation in operations()))
    assert declared == {
        type_of(refusal) for refusal in every_refusal() if refusal.slug not in ELSEWHERE
    }
    assert set(ELSEWHERE) <= set(refusals_by_slug())


def test_every_operation_says_what_it_does_and_what_it_refuses() -> None:
    assert len(operations()) >= 38
    for operation in operations():
        assert operation["summary"]
        assert {"406", "411", "413", "500", "503"} <= operation["responses"].keys(), operation
        assert (
            "requestBody" not in operation or {"400", "415", "422"} <= operation["responses"].keys()
        )
        assert "security" not in operation or "401" in operation["responses"]
        assert operation.get("requestBody", {"required": True})["required"]
        for status, answer in operation["responses"].items():
            if status == "429":
                assert "Retry-After" in answer["headers"]


def test_where_the_service_is_is_said() -> None:
    [server] = description()["servers"]
    assert server["url"].startswith("http")


def test_what_the_framework_refuses_has_a_class() -> None:
    own = {exceptions.Throttled, exceptions.ValidationError}
    kinds = {
        kind
        for kind in vars(exceptions).values()
        if isinstance(kind, type)
        and issubclass(kind, exceptions.APIException)
        and kind is not exceptions.APIException
    }
    assert kinds == FRAMEWORK.keys() | own


@pytest.mark.parametrize(
    ("status", "slug", "more"),
    [(409, "declare-first", ""), (422, "not-a-case", ""), (422, "invalid-input", ', "why": 1')],
)
def test_an_answer_that_was_not_declared_is_found(status: int, slug: str, more: str) -> None:
    body = (
        f'{{"type": "/problems/{slug}", "title": "", "status": {status}, "detail": ""{more}}}'
    ).encode()
    with pytest.raises(Undeclared):
        check(
            "POST",
            "/api/v1/auth/login",
            status=status,
            content_type="application/problem+json",
            body=body,
        )


def test_the_page_of_refusals_is_that_of_the_classes() -> None:
    kept = (ROOT / "docs" / "reference" / "refusals.md").read_text("utf-8")
    assert kept == page(), "manage.py list_refusals > docs/reference/refusals.md"
