"""Rules for the service as a whole, which also check every route, task and setting added later."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from healthcode.celery import app

ROOT = Path(__file__).resolve().parents[1]

# The names of the routes that anybody may use. All other routes must refuse strangers.
PUBLIC = {
    *{"home", "about", "problem", "language", "map", "area-options", "area-choose"},
    *{"login", "login-code", "login-check", "logout", "staff-login", "invitation", "recognised"},
    # They are for whoever has just shown the right password, and send others to the login.
    *{"second-factor", "first-factor"},
    *{"scanner", "scanner-manifest", "scanner-worker", "pocket", "pocket-worker"},
    # For operators; the proxy of a deployment hides these from outside (docs/howto/deploy.md).
    *{"healthz", "readyz", "metrics"},
    # An issuer publishes these.
    *{"published-metadata", "published-keys", "status-list"},
    *{"log-checkpoint", "log-policy", "log-proof", "log-tile"},
    *{"published-policy", "published-levels", "published-grants"},
    # Other logs ask for a cosignature, and prove by their signature who they are.
    *{"add-checkpoint", "witness-keys", "witnessed-checkpoint"},
    # The interface: the login, its description, and public data.
    *{"api-otp", "api-login", "api-step-up", "api-not-me", "enrol", "partner-token"},
    *{"schema", "docs", "symptoms", "levels"},
}
# Anybody may read these, but not write them.
PUBLIC_TO_READ = {"levels"}
METHODS = ("get", "post", "put", "patch", "delete")
SAMPLES = {"int": "1", "str": "stays", "slug": "not-found"}


def _walk(
    patterns: list[URLPattern | URLResolver], prefix: str
) -> Iterator[tuple[str | None, str]]:
    for entry in patterns:
        route = prefix + str(entry.pattern).removeprefix("^").removesuffix("$")
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, route)
        else:
            yield entry.name, route


_ROUTES = list(_walk(get_resolver().url_patterns, "/"))
ROUTES = {name: route for name, route in _ROUTES if name}


def address(route: str) -> str:
    """Return an address that matches the route."""
    return re.sub(r"<(\w+):\w+>", lambda match: SAMPLES[match[1]], route)


def test_every_route_has_a_name_of_its_own() -> None:
    """The tests below use the names, so no route may hide behind another's name."""
    assert sorted(ROUTES) == sorted(name or route for name, route in _ROUTES)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(set(ROUTES) - PUBLIC))
def test_a_stranger_is_refused(name: str, client: Client) -> None:
    """Each method gives 401, a redirect to the login page, or 405."""
    for method in METHODS:
        response = getattr(client, method)(address(ROUTES[name]))
        to_login = response.status_code == 302 and "login" in response.headers["Location"]
        assert to_login or response.status_code in {401, 405}, (method, response.status_code)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(PUBLIC_TO_READ))
def test_what_is_public_to_read_is_not_public_to_write(name: str, client: Client) -> None:
    """Anybody may read the map, but only officers may change it."""
    assert client.get(ROUTES[name]).status_code == 200
    for method in METHODS[1:]:
        assert getattr(client, method)(ROUTES[name]).status_code in {401, 405}


def test_the_list_of_public_routes_names_only_routes() -> None:
    """A name that is left over would silently open a later route with this name."""
    assert set(ROUTES) >= PUBLIC


def test_every_task_goes_to_a_queue_that_workers_consume() -> None:
    """All our commands start workers without -Q; such a worker consumes exactly these queues."""
    app.loader.import_default_modules()
    consumed = set(app.amqp.queues.consume_from)
    router = app.amqp.router
    names = [name for name in app.tasks if not name.startswith("celery.")]
    assert names
    for name in names:
        options = router.route({}, name, task_type=app.tasks[name])
        assert options["queue"].name in consumed, name


def test_every_task_that_is_sent_or_due_exists() -> None:
    """Names in the schedule and in calls by name belong to tasks."""
    app.loader.import_default_modules()
    due = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    sources = [path.read_text() for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    sent = {
        name for text in sources for name in re.findall(r'\bsend(?:_task)?\(\s*"([\w.]+)"', text)
    }
    assert sent
    assert due | sent <= set(app.tasks)


ROOMS = ("accounts", "healthcode", "verifier")


def settings_read() -> set[str]:
    """Return every environment variable that the settings read."""
    tree = ast.parse((ROOT / "healthcode" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    readers = {"required", "required_unless_doors", "optional"}
    return {
        call.args[0].value
        for call in calls
        if ast.unparse(call.func) in readers
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    """docs/reference/settings.md has a row for each environment variable."""
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    service, _, local = page.partition("## `make run` alone")
    assert set(re.findall(r"^\| `([A-Z_]+)`", service, re.MULTILINE)) == settings_read()
    assert set(re.findall(r"^\| `([A-Z_]+)`", local, re.MULTILINE)) == {"PORT", "HOST", "VAR"}


def test_rooms_import_only_what_lies_below_them() -> None:
    """The contracts in pyproject.toml, by import-linter."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
