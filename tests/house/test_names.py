"""One class name stands for one thing, in the whole repository."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
TOPS: Final = ("accounts", "healthcode", "verifier", "tests")

SHARED: Final[Mapping[str, str]] = {
    "Command": "Django finds a command's class by this name",
    "Meta": "Django and its forms look for a class of this name",
    "Migration": "Django finds a migration's class by this name",
}
"""Names that stand in many places, and why."""


def test_a_class_name_stands_in_one_place() -> None:
    places = defaultdict(list)
    for path in sources():
        for name in classes(path.read_text("utf-8")):
            places[name].append(str(path.relative_to(ROOT)))

    assert len(places) > 300, "the walk finds nothing"
    assert {n: found for n, found in places.items() if len(found) > 1 and n not in SHARED} == {}


def test_classes_are_found_wherever_they_stand() -> None:
    text = "class Outer:\n    class Meta: ...\ndef f():\n    if x:\n        class Inner: ...\n"
    assert list(classes(text)) == ["Outer", "Meta", "Inner"]


def classes(text: str) -> Iterator[str]:
    """The names of the classes of a file, those inside others and inside functions too."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            yield node.name


def sources() -> Iterator[Path]:
    for top in TOPS:
        yield from sorted((ROOT / top).rglob("*.py"))
