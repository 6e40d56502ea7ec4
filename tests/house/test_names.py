"""One name of a class or type stands for one thing, in the whole repository."""

import ast
import re
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Final

from tests.house.definitions import TOPS, aliases, classes, definitions

ROOT: Final = Path(__file__).resolve().parents[2]

SHARED: Final[Mapping[str, str]] = {
    "Command": "Django finds a command's class by this name",
    "Meta": "Django and its forms look for a class of this name",
    "Migration": "Django finds a migration's class by this name",
}
"""Names that stand in many places, and why."""

TWINS: Final[Mapping[str, str]] = {
    "Device": "the answer to the enrolment of a device",
    "Division": "a division in the page that chooses one",
    "Doubt": "a doubt as the bundle brings it to the door",
    "Knowledge": "what a door knows, without network",
}
"""Names that stand in Python and in TypeScript for the same thing, outside of the core.

The core has each of its types in both languages, side by side.
"""
CORE: Final = "healthcode/core/"
TYPE: Final = re.compile(
    r"^(?:export )?(?:(?:abstract )?(?:class|interface|enum) ([A-Z]\w*)|type ([A-Z]\w*)[^,;\n]* =)",
    re.MULTILINE,
)


def test_a_name_stands_in_one_place_of_the_python_code() -> None:
    places = definitions(ROOT, (*TOPS, "tests")).types
    assert len(places) > 300, "the walk finds nothing"
    assert {name: found for name, found in places.items() if not is_one_thing(name, found)} == {}


def test_a_name_stands_in_one_place_of_the_typescript() -> None:
    places = types_in_typescript()
    assert len(places) > 50, "the walk finds nothing"
    assert {name: found for name, found in places.items() if not is_one_thing(name, found)} == {}


def test_python_and_typescript_use_a_name_for_the_same_thing() -> None:
    python, typescript = definitions(ROOT).types, types_in_typescript()
    both = {name: [*python[name], *typescript[name]] for name in python.keys() & typescript.keys()}
    elsewhere = {
        name: found
        for name, found in both.items()
        if not all(path.startswith(CORE) for path in found)
    }
    assert {name: found for name, found in elsewhere.items() if name not in TWINS} == {}
    assert TWINS.keys() - elsewhere.keys() == set(), "leftovers"


def test_classes_and_aliases_are_found_wherever_they_stand() -> None:
    text = "class Outer:\n    class Meta: ...\ndef f():\n    if x:\n        class Inner: ...\n"
    assert list(classes(ast.parse(text))) == ["Outer", "Meta", "Inner"]
    text = "Pair = tuple[int, int]\nOld: TypeAlias = int\nAny_ = TypeVar('Any_')\nONE = 1\n"
    assert list(aliases(ast.parse(text))) == ["Pair", "Old"]


def test_types_of_typescript_are_found() -> None:
    text = "export class A {}\ninterface B {}\nexport type C<T> = T;\nimport {\n  type D,\n};\n"
    assert [name for found in TYPE.findall(text) for name in found if name] == ["A", "B", "C"]


def is_one_thing(name: str, places: list[str]) -> bool:
    """Whether a name is defined once, or is one that many files must define."""
    return name in SHARED or len(places) == 1


def types_in_typescript() -> dict[str, list[str]]:
    """Return the files that define each class, interface, enumeration and type, by its name."""
    places: dict[str, list[str]] = {}
    for path in chain.from_iterable((ROOT / top).glob("**/*.ts") for top in TOPS):
        for found in TYPE.findall(path.read_text("utf-8")):
            name = found[0] or found[1]
            places.setdefault(name, []).append(path.relative_to(ROOT).as_posix())
    return places
