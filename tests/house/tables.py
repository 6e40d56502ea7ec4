"""Which tables the SQL of each room names, read from its strings."""

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
    """The room of every table, by its model's module, and of every function that SQL can call."""
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
    """The tables and functions of other rooms that each room's strings name, by room."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sources(root):
        room = room_of_path(path.relative_to(root))
        # A table that has moved to another room keeps its name, and the migration that made it.
        made_here = f"{room.rpartition('.')[2]}_" if "migrations" in path.parts else "none"
        for text in strings(path.read_text("utf-8")):
            found[room] |= {
                word
                for word in WORD.findall(text)
                if known.get(word, room) != room and not word.startswith(made_here)
            }
    return {room: names for room, names in found.items() if names}


def sources(root: Path) -> Iterator[Path]:
    """Every Python file of the product, migrations too: their functions read tables."""
    for top in TOPS:
        yield from sorted((root / top).rglob("*.py"))


@cache
def strings(source: str) -> list[str]:
    """Every string of a program but those that only stand there, such as docstrings."""
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
    """`healthcode.colours.models` is of the room `healthcode.colours`."""
    first, _, rest = module.partition(".")
    return f"{first}.{rest.partition('.')[0]}" if first == "healthcode" and rest else first


def room_of_path(path: Path) -> str:
    """The room that a file belongs to; `path` starts at the project's root."""
    return room_of_module(".".join(path.with_suffix("").parts))
