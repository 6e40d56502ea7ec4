"""Check the imports of TypeScript files against the floors that import-linter checks for Python."""

import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from grimp import ImportGraph

from tests.house.floors import floors, linter_settings

IMPORT = re.compile(r"""\b(?:from|import)\s*\(?\s*["']([^"'\n]+)["']""")


class House:
    """The repository at `root`: pyproject.toml has the floors, package.json the import paths."""

    def __init__(self, root: Path) -> None:
        self.floors = floors(root)
        self._paths: dict[str, str] = json.loads((root / "package.json").read_text())["imports"]
        self.imports = {
            PurePosixPath(path.relative_to(root)): IMPORT.findall(path.read_text(encoding="utf-8"))
            for top in [*linter_settings(root)["root_packages"], "tests"]
            for path in (root / top).rglob("*.ts")
            if "node_modules" not in path.parts
        }
        """Return what each file imports, types included, as the file writes it."""

    def breaches(self) -> list[str]:
        """Yield a sentence for each import that breaks the rule of the floors."""
        return sorted([*self._strays(), *self._homeless(), *self._climbs()])

    def _strays(self) -> Iterator[str]:
        for file, names in self.imports.items():
            for name in (name for name in names if name.startswith(".")):
                if not self._target(file, name).startswith(f"{_home(file)}/"):
                    yield f"{file} imports {name}, a relative path out of its folder"

    def _homeless(self) -> Iterator[str]:
        """Yield files on no floor, which import-linter does not report.

        Tests may import every room.
        """
        rooms = {room for floor in self.floors for room in floor.module_tails}
        for file, names in self.imports.items():
            above = {_module(str(folder)) for folder in file.parents}
            if names and file.parts[0] != "tests" and not rooms & above:
                yield f"{file} imports {names[0]}, and is in no room of the floors"

    def _climbs(self) -> Iterator[str]:
        for found in self._graph().find_illegal_dependencies_for_layers(layers=self.floors):
            for route in found.routes:
                steps = [min(route.heads), *route.middle, min(route.tails)]
                way = " imports ".join(steps)
                yield f"{way}, but {found.imported} is not below {found.importer}"

    def _graph(self) -> ImportGraph:
        """Return the files as modules, each inside the packages of its folders."""
        graph = ImportGraph()
        for file, names in self.imports.items():
            targets = [self._target(file, name) for name in names]
            for path in (str(file), *targets):
                for part in (path, *map(str, PurePosixPath(path).parents)):
                    graph.add_module(_module(part))
            for target in targets:
                graph.add_import(importer=_module(str(file)), imported=_module(target))
        return graph

    def _target(self, file: PurePosixPath, name: str) -> str:
        """Return the file that an import means, or the name of a package."""
        if name.startswith("."):
            return posixpath.normpath(file.parent / name)
        for pattern, place in self._paths.items():
            start, end = pattern.split("*")
            if name.startswith(start) and name.endswith(end):
                inner = name[len(start) : len(name) - len(end)]
                return posixpath.normpath(place.replace("*", inner))
        return name


def _home(file: PurePosixPath) -> PurePosixPath:
    """Return the folder within which files import one another by relative paths."""
    frontends = [folder for folder in file.parents if folder.name == "frontend"]
    return frontends[0] if frontends else file.parent


def _module(path: str) -> str:
    return path.removesuffix(".ts").replace("/", ".")
