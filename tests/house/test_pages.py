"""Every page has what it needs, whoever adds it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.template import engines
from django.urls import URLPattern, URLResolver, get_resolver

from tests.test_invariants import PUBLIC

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("accounts", "healthcode", "verifier")
TEMPLATES: Final = {
    path.as_posix().partition("/templates/")[2]: path
    for room in ROOMS
    for path in (ROOT / room).rglob("templates/**/*.html")
}
MODULES: Final = {"pages.py", "step_up_pages.py"}
NAMED: Final = re.compile(r"""["']([\w/-]+\.html)["']""")


def test_every_page_has_an_address() -> None:
    missing = {f"{module}.{page.name}" for module, page in pages()} - {view for _, view in routes()}
    assert missing == handlers()


def test_every_page_is_behind_a_role_or_public_on_purpose() -> None:
    addresses = {view: name for name, view in routes()}
    open_pages = {
        addresses[f"{module}.{page.name}"]
        for module, page in pages()
        if f"{module}.{page.name}" in addresses and "role_required" not in decorators(page)
    }
    assert open_pages <= PUBLIC


def test_every_page_says_its_methods_and_what_is_behind_a_role_is_never_stored() -> None:
    faults = {
        f"{module}.{page.name}": lacking
        for module, page in pages()
        if f"{module}.{page.name}" not in handlers()
        if (lacking := lacks(page))
    }
    assert faults == {}


def test_what_a_page_lacks_is_found() -> None:
    text = "@role_required(Role.OFFICER)\ndef page(request: HttpRequest) -> HttpResponse: ..."
    [page] = views(text)
    assert lacks(page) == ["its methods", "never_cache"]
    assert list(views("def _helper(request: HttpRequest): ...\ndef other(number: int): ...")) == []


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_template_compiles(name: str) -> None:
    assert engines["django"].get_template(name)


def test_every_template_is_used_and_every_one_that_is_named_exists() -> None:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    named = {
        name
        for path in (*files, *TEMPLATES.values())
        for name in NAMED.findall(path.read_text("utf-8"))
    }
    assert named == set(TEMPLATES)


def pages() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield every view of a module of pages , with the module's name."""
    found = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*pages.py")))
    for path in (path for path in found if path.name in MODULES):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for page in views(path.read_text("utf-8")):
            yield module, page


def views(text: str) -> Iterator[ast.FunctionDef]:
    """Yield public functions whose first argument is a request."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.args.args:
            annotation = node.args.args[0].annotation
            if annotation is not None and ast.unparse(annotation) == "HttpRequest":
                yield node


def decorators(page: ast.FunctionDef) -> set[str]:
    """Return the decorators' names, without their arguments."""
    return {ast.unparse(decorator).partition("(")[0] for decorator in page.decorator_list}


def lacks(page: ast.FunctionDef) -> list[str]:
    """Return what the page does not declare."""
    said = decorators(page)
    lacking = [] if any(name.startswith("require_") for name in said) else ["its methods"]
    # No cache stores the answer to a POST, so such a view needs no cache header.
    if "role_required" in said and not said & {"never_cache", "require_POST"}:
        lacking.append("never_cache")
    return lacking


def handlers() -> set[str]:
    """The pages that Django shows by itself if something fails."""
    resolver = get_resolver()
    found = {resolver.resolve_error_handler(status) for status in (403, 404, 500)}
    return {f"{view.__module__}.{view.__name__}" for view in found} | {settings.CSRF_FAILURE_VIEW}


def routes() -> list[tuple[str | None, str]]:
    """Yield every route's name, with its view."""
    return list(_walk(get_resolver().url_patterns))


def _walk(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str | None, str]]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns)
        else:
            view = entry.callback
            name = getattr(view, "__name__", type(view).__name__)
            yield entry.name, f"{view.__module__}.{name}"
