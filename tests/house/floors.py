"""The floors of the architecture, as the contract in pyproject.toml gives them to import-linter."""

import tomllib
from pathlib import Path
from typing import Any, Final

from grimp import Layer
from importlinter.contracts.layers import LayerField

FLOORS: Final = "A room imports only the rooms below it"


def contract_lines(root: Path) -> list[str]:
    """Return the floors from the top, as they are written: `a | (b)`."""
    linter = linter_settings(root)
    (contract,) = (each for each in linter["contracts"] if each["name"] == FLOORS)
    return list(contract["layers"])


def floors(root: Path) -> list[Layer]:
    """Return the floors from the top, including rooms that are not built yet."""
    return [_layer(line) for line in contract_lines(root)]


def linter_settings(root: Path) -> dict[str, Any]:
    """Return the table `[tool.importlinter]`."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    settings: dict[str, Any] = project["tool"]["importlinter"]
    return settings


def is_below(lower: str, upper: str, house: list[Layer]) -> bool:
    """Return whether room `lower` is on a floor below that of room `upper`."""
    levels = {room: level for level, floor in enumerate(house) for room in floor.module_tails}
    return levels[lower] > levels[upper]


def _layer(line: str) -> Layer:
    """Read a floor as import-linter does, with its `|` and its rooms in parentheses."""
    floor = LayerField().parse(line)
    names = (tail.name for tail in floor.module_tails)
    return Layer(*names, independent=floor.is_independent)
