"""Every fenced example of the documents is right: none stands there that no test looks at.

CONTRIBUTING.md says what each kind of fence is held to.
"""

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.management import get_commands, load_command_class
from jsonschema import Draft202012Validator, ValidationError

from tests.declared import description, operation_at
from tests.test_links import DOCUMENTS, ROOT

FENCE: Final = re.compile(r"^( *)```(.*)\n((?:.|\n)*?)^\1```", re.MULTILINE)
TARGET: Final = re.compile(r"^([a-z-]+):", re.MULTILINE)
RUN: Final = {
    "python": "tests/verifier/test_partner_onboarding.py",
    "cddl": "tests/core/independent_verifier.py",
    "sql": "tests/live/test_backup.py",
    "ini": "tests/live/test_backup.py",
}
"""Kinds that a test of their own runs, or reads against the code."""
SHOWN: Final = {"text": "what a program prints"}
"""Kinds that nobody sends or runs, with what they are."""


@dataclass(frozen=True, slots=True)
class Fenced:
    """A fenced block of a document."""

    document: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def examples() -> Iterator[Fenced]:
    """Every fenced block of every document."""
    for path in DOCUMENTS:
        page = path.read_text("utf-8")
        for fence in FENCE.finditer(page):
            indent, info, text = fence.groups()
            kind = info.split()[0] if info.split() else ""
            line = page.count("\n", 0, fence.start()) + 1
            plain = re.sub(f"^{indent}", "", text, flags=re.MULTILINE)
            yield Fenced(str(path.relative_to(ROOT)), line, kind, plain)


def shell(text: str) -> None:
    """The shell can read it; its commands of ours take what they are given, its calls exist."""
    read = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    for line in re.sub(r"\\\n", " ", text).splitlines():
        words = _words(line)
        if any(word.endswith("manage.py") for word in words):
            place = next(n for n, word in enumerate(words) if word.endswith("manage.py"))
            _command(words[place + 1], words[place + 2 :])
        if "make" in words[:2]:
            makes = [word for word in words[words.index("make") + 1 :] if "=" not in word]
            assert set(makes) <= set(TARGET.findall((ROOT / "Makefile").read_text()))
        if words[:1] == ["curl"] and "-d" in words:
            method = words[words.index("-X") + 1] if "-X" in words else "POST"
            address = next(word for word in words[1:] if "/api/" in word)
            body = words[words.index("-d") + 1]
            if "$" not in body:
                _call(method, address, json.loads(body))


def http(text: str) -> None:
    """A call that the interface has, with a body that it takes."""
    head, _, body = text.partition("\n\n") if "\n\n" in text else text.partition("\n")
    method, address = head.split("\n")[0].split()
    if "text/csv" in head:
        names = {parameter["name"] for parameter in _operation(method, address)["parameters"]}
        assert {name for name, _value in parse_qsl(urlsplit(address).query)} <= names
        table(body)
    else:
        _call(method, address, json.loads(body))


def table(text: str) -> None:
    """A map in CSV."""
    header, *lines = text.strip().splitlines()
    assert {"code", "level"} <= set(header.split(","))
    assert all(len(line.split(",")) == len(header.split(",")) for line in lines)


def lines_of_json(text: str) -> None:
    """Each line is an object; tests/sources/test_howto.py reads them as facts."""
    assert all(isinstance(json.loads(line), dict) for line in text.splitlines())


def answer(text: str) -> None:
    """An answer whose members are those of some schema."""
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


@pytest.mark.parametrize("example", list(examples()), ids=str)
def test_every_example_is_right(example: Fenced) -> None:
    if example.kind in CHECKS:
        CHECKS[example.kind](example.text)
        return
    if example.kind in RUN:
        assert Path(example.document).name in (ROOT / RUN[example.kind]).read_text("utf-8")
        return
    assert example.kind in SHOWN, f"{example}: say after the fence what it is"


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (shell, "python manage.py add_staff li.na --rank officer"),
        (shell, "manage.py no_such_command"),
        (shell, "make nothing"),
        (shell, "if true; then"),
        (shell, "curl -X POST https://…/api/v1/scans -d '{\"id\": 1}'"),
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
    except ValueError:  # a part of what spans lines, such as a here-document
        return []


def _command(name: str, arguments: list[str]) -> None:
    """A command of ours takes these arguments."""
    assert name in get_commands(), name
    given = arguments[: next((n for n, word in enumerate(arguments) if word in "|>;"), None)]
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    try:
        parser.parse_args(given)
    except Exception as error:
        raise ValueError(f"{name} {given}: {error}") from error


def _operation(method: str, address: str) -> dict[str, Any]:
    path = re.sub(r"\{\w+\}", "1", urlsplit(address).path)
    path = path[path.index("/api/") :]
    operation = operation_at(method, path)
    assert operation is not None, f"{method} {path}"
    return operation


def _call(method: str, address: str, body: object) -> None:
    """The interface has the call, and its body is as declared, with no member that it lacks."""
    form = _operation(method, address)["requestBody"]["content"]["application/json"]["schema"]
    components = description()["components"]
    Draft202012Validator({**form, "components": components}).validate(body)
    name = form.get("$ref", "").rpartition("/")[2]
    if name and isinstance(body, dict):
        assert body.keys() <= components["schemas"][name]["properties"].keys()
