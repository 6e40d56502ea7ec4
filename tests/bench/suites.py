"""All suites. Each suite is imported only after the stage has set the environment."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from tests.bench.figures import Figure
from tests.bench.stage import Stage


def _suite(module: str) -> Callable[[Stage], Iterator[Figure]]:
    def figures(stage: Stage) -> Iterator[Figure]:
        found: Iterator[Figure] = import_module(f"tests.bench.{module}").figures(stage)
        return found

    return figures


# A suite is a module here with `figures(stage)`. It gets its own databases from `stage.database`.
SUITES: Mapping[str, Callable[[Stage], Iterator[Figure]]] = {
    name: _suite(name)
    for name in ("recolouring", "neighbours", "tracing", "door", "surge", "status", "log")
}
