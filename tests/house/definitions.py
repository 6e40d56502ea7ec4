"""Where the Python code defines classes, type aliases, members of classes, and functions."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

TOPS: Final = ("accounts", "healthcode", "verifier")
CAMEL_CASE: Final = re.compile("_?[A-Z][a-z]\\w*")


class Definitions(NamedTuple):
    """What a part of the repository defines.

    `types` has the files that define each class and each type alias, by name. `members` are pairs
    of a class and a name that its body assigns or defines.
    """

    types: dict[str, list[str]]
    members: set[tuple[str, str]]
    functions: set[str]


@cache
def definitions(root: Path, tops: tuple[str, ...] = TOPS) -> Definitions:
    """Read every Python file below the folders `tops` of the repository."""
    types, members, functions = defaultdict(list), set(), set()
    for path in (path for top in tops for path in sorted((root / top).rglob("*.py"))):
        module = ast.parse(path.read_text("utf-8"))
        place = path.relative_to(root).as_posix()
        for name in (*classes(module), *aliases(module)):
            types[name].append(place)
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef):
                members |= {(node.name, name) for child in node.body for name in _names(child)}
            elif isinstance(node, ast.FunctionDef):
                functions.add(node.name)
    return Definitions(dict(types), members, functions)


def classes(module: ast.Module) -> Iterator[str]:
    """Yield the names of the classes, those inside other classes and inside functions too."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield node.name


def aliases(module: ast.Module) -> Iterator[str]:
    """Yield the names of the type aliases; type variables stand for any type and are left out."""
    for node in module.body:
        value = getattr(node, "value", None)
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "TypeVar":
            continue
        yield from (name for name in _names(node, assigned=True) if CAMEL_CASE.fullmatch(name))


def _names(node: ast.stmt, *, assigned: bool = False) -> Iterator[str]:
    """Yield what a statement assigns or annotates and, unless `assigned`, what it defines."""
    if isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id
    elif isinstance(node, ast.FunctionDef | ast.ClassDef) and not assigned:
        yield node.name
