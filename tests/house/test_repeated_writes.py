"""Whatever an officer can write, the officer can send twice (accounts/idempotency.py)."""

import ast
import sys
from collections.abc import Iterator
from typing import Final

from django.urls import URLPattern, URLResolver, get_resolver

from tests.house.test_pages import decorators, pages

OFFICERS: Final = "@role_required(Role.OFFICER)"
WRITES: Final = ("post", "put", "patch", "delete")


def test_every_write_of_an_officer_takes_an_idempotency_key() -> None:
    kinds = dict(writes())
    assert len(kinds) >= 7
    assert [name for name, slugs in kinds.items() if "idempotency-key-reused" not in slugs] == []


def test_every_form_of_an_officer_can_be_sent_twice() -> None:
    forms = {
        f"{module}.{page.name}": decorators(page)
        for module, page in pages()
        for text in ["".join(f"@{ast.unparse(one)}" for one in page.decorator_list)]
        if OFFICERS in text and "POST" in text
    }
    assert len(forms) >= 6
    assert [name for name, said in forms.items() if "sent_once" not in said] == []


def writes() -> Iterator[tuple[str, set[str]]]:
    """Yield every write in a module of officers' views, with the slugs of what it refuses."""
    for view in _views(get_resolver().url_patterns):
        if not hasattr(sys.modules[view.__module__], "IsOfficer"):
            continue
        for method in WRITES:
            if hasattr(view, method):
                refusals = getattr(getattr(view, method), "refusals", ())
                yield f"{view.__qualname__}.{method}", {one.slug for one in refusals}


def _views(patterns: list[URLPattern | URLResolver]) -> Iterator[type]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from _views(entry.url_patterns)
        elif (view := getattr(entry.callback, "cls", None)) is not None:
            yield view
