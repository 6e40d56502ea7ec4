"""Write the table for people and the JSON file for programs."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psutil

from tests.bench.figures import Figure

_HEAD = ("measure", "measured", "limit", "limit is", "ratio", "spread", "goal", "")
_VERDICT = {True: "met", False: "MISSED", None: ""}


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table, one line each."""
    rows = [_HEAD, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (rows[0], rule, *rows[1:])
    )


def notes(figures: Sequence[Figure]) -> str:
    """Return the remarks below the table."""
    return "\n".join(f"- {figure.measure}: {figure.note}" for figure in figures if figure.note)


def write(figures: Sequence[Figure], path: Path, *, size: str) -> None:
    """Write all measurements of all rounds, with the machine and its load."""
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "size": size,
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": psutil.cpu_count(),
            "memory_bytes": psutil.virtual_memory().total,
            "load_average": os.getloadavg(),
            "python": platform.python_version(),
        },
        "figures": [
            {
                **asdict(figure),
                "ratio": figure.ratio,
                "spread": figure.spread,
                "met": figure.met,
            }
            for figure in figures
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _row(figure: Figure) -> tuple[str, ...]:
    low, high = figure.spread
    return (
        figure.measure,
        _amount(median(figure.subject), figure.unit),
        _amount(median(figure.limit), figure.unit),
        figure.limit_is,
        f"{figure.ratio:.2f}",
        f"{low:.2f}–{high:.2f}",
        str(figure.goal),
        _VERDICT[figure.met],
    )


def _amount(value: float, unit: str) -> str:
    if unit == "s" and value < 0.1:
        return f"{value * 1000:.3g} ms"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"
