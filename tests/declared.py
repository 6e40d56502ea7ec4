"""Compare the answers of the interface with its description (OpenAPI)."""

import json
import re
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator

INTERFACE: Final = "/api/v1/"
PROBLEM: Final = "application/problem+json"
LONGEST_CHECKED: Final = 256 * 1024
# These refusals come before any operation, so no operation declares them.
NO_OPERATION: Final = {"not-found", "method-not-allowed", "not-authenticated", "forbidden"}
UNDESCRIBED: Final = ("/api/v1/schema",)


class Undeclared(AssertionError):
    """The interface gave an answer that its description does not have."""


@cache
def description() -> dict[str, Any]:
    """Return the interface's description, as a client gets it."""
    from healthcode.web.schema import described

    return described()


@cache
def _addresses() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [
        (re.compile("[^/]+".join(map(re.escape, re.split(r"\{\w+\}", path))) + r"\Z"), item)
        for path, item in description()["paths"].items()
    ]


def operation_at(method: str, path: str) -> dict[str, Any] | None:
    """Return the operation for a method and an address, or None."""
    name = "get" if method == "HEAD" else method.lower()
    for address, item in _addresses():
        if address.match(path):
            found: dict[str, Any] | None = item.get(name)
            return found
    return None


def check(method: str, path: str, *, status: int, content_type: str, body: bytes) -> None:
    """Compare an answer with the description. Raises Undeclared."""
    if not path.startswith(INTERFACE) or path.startswith(UNDESCRIBED):
        return
    media_type = content_type.partition(";")[0]
    operation = operation_at(method, path)
    if operation is None:
        slug = json.loads(body)["type"].rpartition("/")[2] if media_type == PROBLEM else ""
        if method != "HEAD" and status >= 400 and slug not in NO_OPERATION | _everywhere():
            raise Undeclared(f"{method} {path}: {status} {body[:300]!r}, and no such operation")
        return
    answer = operation["responses"].get(str(status))
    if answer is None:
        raise Undeclared(f"{operation['operationId']}: {status} {body[:300]!r}")
    if not body or len(body) > LONGEST_CHECKED or "json" not in media_type:
        return
    form = answer["content"].get(media_type)
    if form is None:
        raise Undeclared(f"{operation['operationId']}: {status} as {media_type}")
    _compare(f"{operation['operationId']} {status}", json.loads(body), form["schema"])


def _everywhere() -> set[str]:
    from healthcode.web.refusals import EVERY_CALL

    return {refusal.slug for refusal in EVERY_CALL}


def _compare(where: str, document: Any, schema: dict[str, Any]) -> None:
    root = {**schema, "components": description()["components"]}
    faults = [error.message[:300] for error in Draft202012Validator(root).iter_errors(document)]
    if faults:
        raise Undeclared(f"{where}: {document!r:.600}: {faults}")
    for problem in _problems(document):
        name = "".join(part.capitalize() for part in problem["type"].split("/")[-1].split("-"))
        known = description()["components"]["schemas"][f"{name}Problem"]["properties"]
        if unknown := problem.keys() - known.keys():
            raise Undeclared(f"{where}: {problem['type']} has {unknown}, which it never declared")


def _problems(document: Any) -> list[dict[str, Any]]:
    """Return the problem documents in an answer: the answer itself, or those of its lines."""
    if not isinstance(document, dict):
        return []
    if str(document.get("type", "")).startswith("/problems/"):
        return [document]
    lines = document.get("results", ())
    return [line["problem"] for line in lines if isinstance(line, dict) and line.get("problem")]
