"""Every example of the documents is correct as it is written, and a test follows each of them.

CONTRIBUTING.md lists the kinds of examples. tests/live/test_documents.py follows the examples.
"""

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.management import get_commands, load_command_class
from jsonschema import Draft202012Validator, ValidationError

from tests.declared import description, operation_at
from tests.examples import SHOWN, PageExample, examples
from tests.test_links import ROOT

COMPOSE: Final = ROOT / "compose.yaml"

TARGET: Final = re.compile(r"^([a-z-]+):", re.MULTILINE)
SETTING: Final = re.compile(r"^([A-Z][A-Z_]+)=(?!\w+ make )", re.MULTILINE)
GIVEN: Final = re.compile(r"\$[A-Z_]+")


def shell(text: str) -> None:
    """The shell can parse it; our commands accept its arguments, and its calls exist."""
    read = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    known = (ROOT / "docs/reference/settings.md").read_text("utf-8") + COMPOSE.read_text("utf-8")
    assert not {name for name in SETTING.findall(text) if name not in known}
    for line in re.sub(r"\\\n", " ", text).splitlines():
        words = _words(GIVEN.sub("0" * 16, line))
        if any(word.endswith("manage.py") for word in words):
            place = next(n for n, word in enumerate(words) if word.endswith("manage.py"))
            _command(words[place + 1], words[place + 2 :])
        if "make" in words[:2]:
            makes = [word for word in words[words.index("make") + 1 :] if "=" not in word]
            assert set(makes) <= set(TARGET.findall((ROOT / "Makefile").read_text()))


def http(text: str) -> None:
    """A call that the interface has, with a body that it accepts."""
    head, _, body = text.partition("\n\n") if "\n\n" in text else text.partition("\n")
    method, address = head.split("\n")[0].split()
    if "text/csv" in head:
        names = {parameter["name"] for parameter in _operation(method, address)["parameters"]}
        assert {name for name, _value in parse_qsl(urlsplit(address).query)} <= names
        table(body)
    elif "requestBody" in _operation(method, address):
        _call(method, address, json.loads(body))
    else:
        assert not text.partition("\n\n")[2]


def table(text: str) -> None:
    """A map in CSV."""
    header, *lines = text.strip().splitlines()
    assert {"code", "level"} <= set(header.split(","))
    assert all(len(line.split(",")) == len(header.split(",")) for line in lines)


def lines_of_json(text: str) -> None:
    """Each line is a JSON object; tests/sources/test_howto.py reads them as facts."""
    assert all(isinstance(json.loads(line), dict) for line in text.splitlines())


def answer(text: str) -> None:
    """An answer whose members belong to one schema of the interface."""
    members = json.loads(text).keys()
    schemas = description()["components"]["schemas"].values()
    assert any(members == schema.get("properties", {}).keys() for schema in schemas), members


CHECKS: Final[Mapping[str, Callable[[str], object]]] = {
    "sh": shell,
    "http": http,
    "json": answer,
    "ndjson": lines_of_json,
    "csv": table,
    "toml": tomllib.loads,
}
SENT: Final = {"sh", "http", "csv", "json"}
"""Kinds that are typed or sent as they stand; others are files of a name."""


@pytest.mark.parametrize("example", list(examples()), ids=str)
def test_every_example_is_right(example: PageExample) -> None:
    if example.kind in CHECKS and not example.followed_by:
        CHECKS[example.kind](example.text)


@pytest.mark.parametrize("example", list(examples()), ids=str)
def test_every_example_is_followed(example: PageExample) -> None:
    if example.followed_by:
        assert Path(example.document).name in (ROOT / example.followed_by).read_text("utf-8")
    elif example.file:
        page = (ROOT / example.document).read_text("utf-8")
        used = page.replace(f"```{example.kind} {example.file}", "")
        assert example.kind == "python" or example.file in used
    else:
        assert example.kind in SENT | SHOWN.keys(), f"{example}: say after the fence what it is"


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (shell, "python manage.py add_staff li.na --rank officer"),
        (shell, "manage.py no_such_command"),
        (shell, "make nothing"),
        (shell, "if true; then"),
        (shell, "NO_SUCH_SETTING=1"),
        (http, 'POST /api/v1/presences\n\n[{"person": 1}]'),
        (http, "POST /api/v1/scan\n\n{}"),
        (answer, '{"code": "JK1:", "until": null}'),
    ],
)
def test_a_wrong_example_is_found(check: Callable[[str], object], text: str) -> None:
    with pytest.raises((AssertionError, ValueError, ValidationError)):
        check(text)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # a line of a longer construct, such as a here-document
        return []


def _command(name: str, arguments: list[str]) -> None:
    """One of our commands accepts these arguments."""
    assert name in get_commands(), name
    given = arguments[: next((n for n, word in enumerate(arguments) if word in "|>;"), None)]
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    try:
        parser.parse_args(given)
    except Exception as error:
        raise ValueError(f"{name} {given}: {error}") from error


def _operation(method: str, address: str) -> dict[str, Any]:
    path = re.sub(r"\$\w+", "1", urlsplit(address).path)
    path = path[path.index("/api/") :]
    operation = operation_at(method, path)
    assert operation is not None, f"{method} {path}"
    return operation


def _call(method: str, address: str, body: object) -> None:
    """The interface has the call, and its body has only declared members."""
    form = _operation(method, address)["requestBody"]["content"]["application/json"]["schema"]
    components = description()["components"]
    Draft202012Validator({**form, "components": components}).validate(body)
    name = form.get("$ref", "").rpartition("/")[2]
    if name and isinstance(body, dict):
        assert body.keys() <= components["schemas"][name]["properties"].keys()
