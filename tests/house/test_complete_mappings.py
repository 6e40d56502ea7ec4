"""Every mapping keyed by an enumeration has all of its members.

Somebody who adds a member learns here which tables need it, before a user meets a KeyError.
"""

import ast
import importlib
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final, cast

from celery.local import Proxy

from healthcode.tracing.kinds import VEHICLES, VENUES

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("accounts", "healthcode", "verifier")
# These scripts made data for a room once, with a library that the service does not need.
BY_HAND: Final = {"healthcode.areas.build_shapes"}

# Mappings that leave members out on purpose: where they are, and exactly which members.
PARTIAL: Final[Mapping[str, set[str]]] = {
    # Machines open no pages.
    "accounts.context.LINKS": {"SOURCE", "PARTNER"},
    # A refused colour gives no local code.
    "healthcode.visitor_codes.services._WORTH": {"REFUSE"},
    # A proposal that waits is not decided.
    "healthcode.confirmation.services.DECIDED": {"WAITING"},
    # The length of an RSA signature is that of its key.
    "healthcode.core.cose.SIGNATURE_BYTES": {"PS256"},
    # An EU certificate states a test, a recovery or a vaccination.
    "healthcode.evidence.certificates._READERS": {
        *{"DECLARATION", "STAY", "CONTACT", "CASE", "CHECK_IN"}
    },
    # Reasons that are not in `dcc.CertificateReason`: they are about codes with a colour, or their
    # text.
    "healthcode.evidence.errors._REFUSED": {
        *{"OK", "YELLOW", "RED", "SUPERSEDED", "MALFORMED", "STALE_DATA", "NOT_ADMITTED_HERE"}
    },
    # Venues and vehicles have a name to show.
    "healthcode.tracing.kinds.UNNAMED": {kind.name for kind in (*VENUES, *VEHICLES)},
    # These need no warning.
    "verifier.recognition.pages._WARNINGS": {"GOOD"},
}

Keyed = Mapping[Enum, object]


def test_every_mapping_keyed_by_an_enumeration_has_all_its_members() -> None:
    allowed = {id(mapping) for path, mapping in found() if path in PARTIAL}
    faults = {path: left_out(mapping) for path, mapping in found() if id(mapping) not in allowed}
    assert len(faults) > 20, "the walk finds nothing"
    assert {path: members for path, members in faults.items() if members} == {}


def test_what_is_partial_leaves_out_just_what_is_said_here() -> None:
    known = dict(found())
    assert {path: left_out(known[path]) for path in PARTIAL} == PARTIAL


def test_no_function_hides_such_a_mapping() -> None:
    assert [place for path in sources() for place in hidden(path.read_text("utf-8"))] == []


class Invented(Enum):
    """An enumeration for tests of the functions below."""

    KNOWN = 1
    FORGOTTEN = 2


def test_a_forgotten_member_is_found_wherever_the_mapping_stands() -> None:
    module = ModuleType("room")
    holder = type("Holder", (), {"__module__": "room", "OF_A_CLASS": {Invented.KNOWN: ""}})
    vars(module).update(
        OF_A_MODULE={Invented.KNOWN: ""},
        INSIDE={"en": {Invented.KNOWN: ""}},
        WHOLE=dict.fromkeys(Invented, ""),
        OTHER={"KNOWN": ""},
        Holder=holder,
    )

    seen = {path: left_out(mapping) for path, mapping in mappings(module, "room")}

    assert seen == {
        "room.OF_A_MODULE": {"FORGOTTEN"},
        "room.INSIDE['en']": {"FORGOTTEN"},
        "room.WHOLE": set(),
        "room.Holder.OF_A_CLASS": {"FORGOTTEN"},
    }


def test_a_mapping_in_a_function_is_found() -> None:
    text = "def f():\n    return {Invented.KNOWN: 1, Invented.FORGOTTEN: 2}[x], {cose.ALG: 1}\n"
    assert list(hidden(text)) == ["{Invented.KNOWN: 1, Invented.FORGOTTEN: 2}"]


def sources() -> Iterator[Path]:
    """Yield every Python file of the product."""
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


@cache
def found() -> list[tuple[str, Keyed]]:
    """Yield every mapping keyed by an enumeration, with the places where it has a name."""
    return [
        each
        for path in sources()
        if "migrations" not in path.parts and path.stem != "__main__"
        if (name := module_name(path)) not in BY_HAND
        for each in mappings(importlib.import_module(name), name)
    ]


def mappings(holder: object, path: str) -> Iterator[tuple[str, Keyed]]:
    """Yield a module's mappings, including those in its classes and in other mappings."""
    module = path if isinstance(holder, ModuleType) else vars(holder)["__module__"]
    for name, value in vars(holder).items():
        if issubclass(type(value), Proxy):
            continue  # A task: asked for its class, Celery looks for an app that knows the task.
        if isinstance(value, type) and value.__module__ == module:
            yield from mappings(value, f"{path}.{name}")
        elif isinstance(value, Mapping):
            yield from _keyed(value, f"{path}.{name}")


def left_out(mapping: Keyed) -> set[str]:
    """Return the members that are not among the keys."""
    return {member.name for member in type(next(iter(mapping))) if member not in mapping}


def hidden(text: str) -> Iterator[str]:
    """Yield mappings keyed by members of one class that are written inside a function."""
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for display in ast.walk(function):
            if isinstance(display, ast.Dict) and len(display.keys) > 1 and _of_one_class(display):
                yield ast.unparse(display)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _keyed(value: Mapping[object, object], path: str) -> Iterator[tuple[str, Keyed]]:
    kinds = {type(key) for key in value}
    if len(kinds) == 1 and issubclass(kinds.pop(), Enum):
        yield path, cast(Keyed, value)
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _keyed(inner, f"{path}[{key!r}]")


def _of_one_class(display: ast.Dict) -> bool:
    owners = {
        key.value.id
        for key in display.keys
        if isinstance(key, ast.Attribute) and isinstance(key.value, ast.Name)
    }
    return (
        len(owners) == 1
        and all(isinstance(key, ast.Attribute) for key in display.keys)
        and owners.pop()[0].isupper()
    )
