"""The floors of the house, as the contract in pyproject.toml gives them to import-linter."""

import tomllib
from pathlib import Path
from typing import Any, Final

from grimp import Layer
from importlinter.contracts.layers import LayerField

FLOORS: Final = "A room imports only the rooms below it"


def contract_lines(root: Path) -> list[str]:
    """The floors from the top, as they are written: `a | (b)`."""
    linter = linter_settings(root)
    (contract,) = (each for each in linter["contracts"] if each["name"] == FLOORS)
    return list(contract["layers"])


def floors(root: Path) -> list[Layer]:
    """The floors from the top, with the rooms that are still to come."""
    return [_layer(line) for line in contract_lines(root)]


def linter_settings(root: Path) -> dict[str, Any]:
    """The table `[tool.importlinter]`."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    settings: dict[str, Any] = project["tool"]["importlinter"]
    return settings


def is_below(lower: str, upper: str, house: list[Layer]) -> bool:
    """Whether room `lower` lies on a floor below that of room `upper`."""
    levels = {room: level for level, floor in enumerate(house) for room in floor.module_tails}
    return levels[lower] > levels[upper]


def _layer(line: str) -> Layer:
    """A floor as import-linter reads it, with its `|` and its rooms in parentheses."""
    floor = LayerField().parse(line)
    names = (tail.name for tail in floor.module_tails)
    return Layer(*names, independent=floor.is_independent)
