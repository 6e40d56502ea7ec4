"""`manage.py list_refusals`: docs/reference/refusals.md, made from the classes."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from django.core.management.base import BaseCommand
from django.utils.translation import override

from healthcode.web.errors import Refusal
from healthcode.web.problems import type_of
from healthcode.web.refusals import every_refusal, sentence_of
from healthcode.web.schema import described

MOST_NAMED: Final = 7
"""A row with more calls than this shows only their number."""

HEAD: Final = """\
# Refusals

This page is for programmers of clients. The table lists every error that the service can answer.
Every error is a problem document (RFC 9457, `application/problem+json`) with `type`, `title`,
`status`, `detail`, and the members that the last column names. `type` is `/problems/` followed by
the name in the first column. It never changes, so programs should look at `type`. `detail` is a
sentence for a person, in Chinese, or in English when `Accept-Language` begins with `en`. OpenAPI
(`/api/v1/schema`) declares the same for each call, so a client generated from it has these errors
as types.

`manage.py list_refusals > docs/reference/refusals.md` makes this page.

| name | status | title and sentence | calls | further members |
|---|---|---|---|---|
"""


class Command(BaseCommand):
    help = "Print docs/reference/refusals.md, made from the refusals' classes."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")


def page() -> str:
    """Make the page, with one row for each refusal, by status and slug."""
    calls = calls_by_type()
    refusals = sorted(every_refusal(), key=lambda refusal: (refusal.status, refusal.slug))
    return HEAD + "".join(_row(refusal, calls) for refusal in refusals)


def calls_by_type() -> dict[str, list[str]]:
    """Return the names of the calls that declare each type of problem document."""
    description = described()
    schemas = description["components"]["schemas"]
    found: dict[str, list[str]] = defaultdict(list)
    for operation in operations(description):
        for answer in operation["responses"].values():
            schema = answer.get("content", {}).get("application/problem+json", {}).get("schema", {})
            for one in schema.get("oneOf", [schema]) if schema else ():
                name = one["$ref"].rpartition("/")[2]
                found[schemas[name]["properties"]["type"]["const"]].append(operation["operationId"])
    return found


def operations(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return every operation of an OpenAPI description."""
    for path in description["paths"].values():
        yield from (item for item in path.values() if "operationId" in item)


def _row(refusal: type[Refusal], calls: dict[str, list[str]]) -> str:
    named = calls.get(type_of(refusal), [])
    told = ", ".join(f"`{name}`" for name in named)
    if len(named) > MOST_NAMED:
        told = f"{len(named)} calls"
    beyond = ", ".join(f"`{name}`" for name in refusal.extensions)
    says = "<br>".join(_says(refusal, language) for language in ("en", "zh-hans"))
    cells = [f"`{refusal.slug}`", str(refusal.status), says, told or "–", beyond]
    return f"| {' | '.join(cells)} |\n"


def _says(refusal: type[Refusal], language: str) -> str:
    with override(language):
        end = "。" if language.startswith("zh") else "."
        title = f"**{refusal.title}{end}**"
        return f"{title} {sentence_of(refusal)}".strip()
