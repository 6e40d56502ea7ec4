"""TypeScript obeys the floors: no room imports a room above it or beside it."""

import json
from pathlib import Path, PurePosixPath

import pytest

from tests.house.typescript import House

ROOT = Path(__file__).resolve().parents[2]
FLOORS = """
[tool.importlinter]
root_packages = ["healthcode", "verifier"]

[[tool.importlinter.contracts]]
name = "A room imports only the rooms below it"
type = "layers"
layers = [
  "healthcode.codes | verifier | (healthcode.letters)",
  "healthcode.web",
  "healthcode.core",
]
"""
PATHS = {
    "#codes/*": "./healthcode/codes/frontend/*",
    "#core/*": "./healthcode/core/*",
    "#doors/*": "./verifier/doors/frontend/*",
    "#web/*": "./healthcode/web/frontend/shared/*",
}
PAGE = "verifier/doors/frontend/scanner.ts"
PART = "verifier/doors/frontend/scanner/api.ts"
SHARED = "healthcode/web/frontend/shared/page.ts"
CORE = "healthcode/core/codes.ts"


def breaches(root: Path, **imports: str) -> list[str]:
    """Return what is wrong in an invented repository whose files import these."""
    (root / "pyproject.toml").write_text(FLOORS)
    (root / "package.json").write_text(json.dumps({"imports": PATHS}))
    for file, text in imports.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return House(root).breaches()


def test_every_import_goes_down() -> None:
    assert House(ROOT).breaches() == []


def test_all_files_are_read() -> None:
    files = House(ROOT).imports

    assert PurePosixPath("healthcode/core/codes.ts") in files
    assert PurePosixPath("tests/core/judge.ts") in files
    assert "#core/present.ts" in files[PurePosixPath("healthcode/codes/frontend/pocket.ts")]
    # Imports that span several lines, and imports of types alone.
    assert "#core/index.ts" in files[PurePosixPath("tests/core/judge.ts")]
    assert "./api.ts" in files[PurePosixPath("verifier/doors/frontend/scanner/device.ts")]


def test_the_core_imports_nothing_but_itself() -> None:
    """As in Python, the core must run wherever there is WebCrypto."""
    of_core = [
        name
        for file, names in House(ROOT).imports.items()
        if file.parent == PurePosixPath("healthcode/core")
        for name in names
    ]
    assert of_core
    assert all(name.startswith("./") for name in of_core)


def test_a_house_in_order(tmp_path: Path) -> None:
    files = {
        PAGE: 'import { a } from "./scanner/api.ts";\nimport { fill } from "#web/page.ts";',
        PART: 'import type { Code } from "#core/codes.ts";\nexport * from "../scanner.ts";',
        SHARED: 'import { generate } from "lean-qr";\nimport "#core/codes.ts";',
        CORE: 'import { concat } from "./bytes.ts";',
        "healthcode/alone/frontend/picker.ts": "export const on_no_floor = true;",
        "tests/core/judge.ts": 'import { x } from "#doors/scanner.ts"; import "node:fs";',
    }
    assert breaches(tmp_path, **files) == []


@pytest.mark.parametrize(
    ("file", "text", "breach"),
    [
        (SHARED, 'import { a } from "#doors/scanner/api.ts";', "is not below"),
        (SHARED, 'import type { A } from "#doors/scanner/api.ts";', "is not below"),
        (SHARED, "import type {\n  A,\n} from '#codes/live.ts';", "is not below"),
        (SHARED, 'export { a } from "#codes/live.ts";', "is not below"),
        (SHARED, 'const a = await import("#codes/live.ts");', "is not below"),
        (CORE, 'import "#web/page.ts";', "is not below"),
        (PART, 'import { a } from "#codes/live.ts";', "is not below"),
        ("healthcode/codes/frontend/live.ts", 'import "#doors/api.ts";', "is not below"),
        ("healthcode/letters/frontend/a.ts", 'import "#codes/live.ts";', "is not below"),
        (PAGE, 'import "../../../healthcode/core/codes.ts";', "a relative path out of its folder"),
        (PART, 'import "../../knocking.ts";', "a relative path out of its folder"),
        (CORE, 'import "../web/page.ts";', "a relative path out of its folder"),
        ("tests/core/judge.ts", 'import "../web/a.ts";', "a relative path out of its folder"),
        ("healthcode/alone/frontend/a.ts", 'import "#web/page.ts";', "in no room of the floors"),
    ],
)
def test_what_breaks_the_order_is_named(tmp_path: Path, file: str, text: str, breach: str) -> None:
    found = breaches(tmp_path, **{file: text})

    assert any(breach in sentence for sentence in found), found


def test_a_breach_names_files_and_rooms(tmp_path: Path) -> None:
    assert breaches(tmp_path, **{SHARED: 'import "#doors/scanner.ts";'}) == [
        "healthcode.web.frontend.shared.page imports verifier.doors.frontend.scanner, "
        "but verifier is not below healthcode.web"
    ]
