"""What there is to measure. Each suite's imports wait until the stage has set the environment."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from tests.bench.figures import Figure
from tests.bench.stage import Stage


def _suite(module: str) -> Callable[[Stage], Iterator[Figure]]:
    def figures(stage: Stage) -> Iterator[Figure]:
        found: Iterator[Figure] = import_module(f"tests.bench.{module}").figures(stage)
        return found

    return figures


# A suite is a module here with `figures(stage)`; it gets its own databases by `stage.database`.
SUITES: Mapping[str, Callable[[Stage], Iterator[Figure]]] = {
    name: _suite(name)
    for name in ("recolouring", "neighbours", "tracing", "door", "surge", "status")
}
