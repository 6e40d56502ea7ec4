"""docs/architecture.md shows the rooms and floors as they are."""

import re
from pathlib import Path
from typing import Final

from django.conf import settings

from tests.house.floors import contract_lines, linter_settings

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs" / "architecture.md").read_text("utf-8")
# Files of the application that connect the rooms; no room may import them.
TIES: Final = {"apps"}
# Folders that Django finds only in an application named in settings.py.
DJANGO: Final = ("apps.py", "models.py", "templates", "static", "locale", "management")


def shown() -> list[set[str]]:
    """Return the floors of the page's first table, rooms that are not built yet in parentheses."""
    floors: list[set[str]] = []
    for name, rooms in re.findall(r"^\| ([a-z' ]*?) ?\| (.*?) \|", _table("floor"), re.MULTILINE):
        if name == "floor":
            continue
        found = set(re.findall(r"\(`[\w.]+`\)|`[\w.]+`", rooms))
        if name:
            floors.append(set())
        floors[-1] |= {room.replace("`", "") for room in found}
    return floors


def contracted() -> list[set[str]]:
    """Return the same from the contract in pyproject.toml."""
    return [set(re.split(r" [|:] ", line)) for line in contract_lines(ROOT)]


def test_the_page_shows_the_floors_of_the_contract() -> None:
    assert shown() == contracted()


def test_every_room_stands_on_a_floor() -> None:
    """No rule would apply to a folder or file on no floor."""
    rooms = {
        f"healthcode.{path.stem}"
        for path in (ROOT / "healthcode").iterdir()
        if (path.is_dir() and any(path.rglob("*.py"))) or path.suffix == ".py"
    }
    rooms -= {"healthcode.__init__", *(f"healthcode.{name}" for name in TIES)}
    rooms |= set(linter_settings(ROOT)["root_packages"]) - {"healthcode"}

    assert rooms == {room for floor in contracted() for room in floor if "(" not in room}


def test_every_room_that_django_must_know_is_installed() -> None:
    """Otherwise Django would silently skip its templates, translations and commands."""
    rooms = {f"healthcode.{path.name}": path for path in (ROOT / "healthcode").iterdir()}
    rooms |= {name: ROOT / name for name in linter_settings(ROOT)["root_packages"]}
    told = {room for room, path in rooms.items() if any((path / name).exists() for name in DJANGO)}

    assert len(told) > 10, "the walk finds nothing"
    assert told - set(settings.INSTALLED_APPS) == set()


def test_the_page_shows_the_parts_of_the_verifier() -> None:
    parts = {
        f"verifier.{path.name}"
        for path in (ROOT / "verifier").iterdir()
        if (path / "__init__.py").exists() and path.name not in {"management", "migrations"}
    }
    assert parts
    assert parts <= set(re.findall(r"`(verifier\.\w+)`", PAGE))


def test_the_files_to_look_in_are_there() -> None:
    """Paths start at the room; a bare name is a file beside the one before it."""
    missing, folder = [], Path()
    for place in re.findall(r"`([\w/.-]+(?:\.\w+|/))`", _table("to change")):
        path = Path(place)
        folder = path.parent if path.parent.name else folder
        if not any((ROOT / top / folder / path.name).exists() for top in ("", "healthcode")):
            missing.append(place)
    assert missing == []


def _table(first: str) -> str:
    """Return the page's table whose first column has this name."""
    (table,) = re.findall(rf"^\| {first} \|.*\n(?:\|.*\n)+", PAGE, re.MULTILINE)
    return str(table)
