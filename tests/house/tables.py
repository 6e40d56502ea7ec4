"""Find which tables each room's SQL names, by reading its strings."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from django.apps import apps

TOPS: Final = ("accounts", "healthcode", "verifier")
FUNCTION: Final = re.compile(r"CREATE (?:OR REPLACE )?(?:FUNCTION|VIEW|TABLE) (\w+)")
WORD: Final = re.compile(r"\b[a-z]+_[a-z0-9_]+\b")


def owners(root: Path) -> dict[str, str]:
    """Return the room of every table and of every function that SQL can call.

    A table belongs to the room of its model's module.
    """
    tables = {
        model._meta.db_table: room_of_module(model.__module__)
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.partition(".")[0] in TOPS
    }
    for path in sources(root):
        for text in strings(path.read_text("utf-8")):
            for name in FUNCTION.findall(text):
                tables.setdefault(name, room_of_path(path.relative_to(root)))
    return tables


def named(root: Path, known: Mapping[str, str]) -> dict[str, set[str]]:
    """Return the tables and functions of other rooms that each room's strings name."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sources(root):
        room = room_of_path(path.relative_to(root))
        # A table that moved to another room keeps its name, and so does the migration that made it.
        made_here = f"{room.rpartition('.')[2]}_" if "migrations" in path.parts else "none"
        for text in strings(path.read_text("utf-8")):
            found[room] |= {
                word
                for word in WORD.findall(text)
                if known.get(word, room) != room and not word.startswith(made_here)
            }
    return {room: names for room, names in found.items() if names}


def sources(root: Path) -> Iterator[Path]:
    """Yield every Python file of the product, also migrations, whose functions read tables."""
    for top in TOPS:
        yield from sorted((root / top).rglob("*.py"))


@cache
def strings(source: str) -> list[str]:
    """Yield every string of a program, without docstrings and other strings that stand alone."""
    tree = ast.parse(source)
    idle = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in idle
    ]


def room_of_module(module: str) -> str:
    """Return the room of a module: `healthcode.colours` for `healthcode.colours.models`."""
    first, _, rest = module.partition(".")
    return f"{first}.{rest.partition('.')[0]}" if first == "healthcode" and rest else first


def room_of_path(path: Path) -> str:
    """Return the room of a file; `path` starts at the project's root."""
    return room_of_module(".".join(path.with_suffix("").parts))
