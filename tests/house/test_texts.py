"""Texts from people are read by the closed lists of docs/format.md, in one place."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from accounts import masks
from healthcode.web import texts

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("accounts", "healthcode", "verifier")
ROW: Final = re.compile(r"^\| (blanks|unseen|turning|dashes|signs|alphabets) \| ([^|]+) \|$", re.M)
LISTS: Final = {
    "blanks": texts.BLANKS,
    "unseen": texts.UNSEEN,
    "turning": texts.TURNING,
    "dashes": texts.DASHES,
    "signs": texts.SIGNS,
    "alphabets": masks.ALPHABETS,
}
ASKING: Final = re.compile("is(alpha|alnum|digit|decimal|numeric|printable|space|identifier|title)")
TRIMMING: Final = frozenset({"strip", "lstrip", "rstrip", "split"})
CLASSES: Final = re.compile(r"(?<!\\)(?:\\\\)*\\[wWsSdDbB]")
NO_TEXTS_OF_PEOPLE: Final = {
    # Tools, settings and an operator's answers at a terminal.
    "healthcode/alliance/__main__.py",
    "healthcode/areas/build_divisions.py",
    "healthcode/core/cli.py",
    "healthcode/core/explain.py",
    "healthcode/evidence/management/commands/load_document_signers.py",
    "verifier/management/commands/partner_calls.py",
    "accounts/vault.py",
    # Headers, whose grammar is ASCII, and lists that issuers sign.
    "accounts/client.py",
    "healthcode/core/trust_list.py",
    "healthcode/web/bodies.py",
    # Scopes, as we store them and as RFC 6749 writes them; lines of bytes.
    "verifier/partners/services.py",
    "healthcode/administration/public_grants.py",
    "healthcode/evidence/ndjson.py",
    "verifier/recognition/refresh.py",
}


def test_the_page_has_the_lists() -> None:
    rows = dict(ROW.findall((ROOT / "docs/format.md").read_text("utf-8")))
    assert {name: ranges(characters) for name, characters in LISTS.items()} == rows


def test_no_other_module_asks_the_interpreter_about_texts_of_people() -> None:
    asking = {
        path: found
        for path, module in modules()
        if path not in NO_TEXTS_OF_PEOPLE and (found := sorted(questions(module)))
    }
    assert asking == {}


def test_the_list_of_modules_that_read_none_has_no_leftovers() -> None:
    known = dict(modules())
    assert {path for path in NO_TEXTS_OF_PEOPLE if any(questions(known[path]))} == (
        NO_TEXTS_OF_PEOPLE
    )


@pytest.mark.parametrize(
    "line",
    [
        "name.isalpha()",
        "name.strip()",
        "name.split()",
        "unicodedata.category(name)",
        "unicodedata.combining(name)",
        r"re.compile(r'\w+')",
        r"re.fullmatch(r'[\d]+', name)",
        "re.sub('\\\\s', '', name)",
    ],
)
def test_a_question_is_found(line: str) -> None:
    assert len(list(questions(ast.parse(line)))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "unicodedata.normalize('NFC', name)",
        "name.strip('.')",
        "f'{name}.'.strip()",
        "name.split(',')",
        r"re.compile(r'\d+', re.ASCII)",
        r"re.compile(rb'\d+')",
        "re.compile('[0-9]+')",
    ],
)
def test_what_asks_nothing_is_passed_over(line: str) -> None:
    assert list(questions(ast.parse(line))) == []


def modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith("healthcode/tools/"):
                yield name, ast.parse(path.read_text("utf-8"))


def questions(module: ast.Module) -> Iterator[str]:
    """Return where the module relies on the interpreter's Unicode."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, whose = node.func.attr, ast.unparse(node.func.value)
        if (
            ASKING.fullmatch(name)
            or (name in TRIMMING and not node.args and not written_here(node.func.value))
            or (whose == "unicodedata" and name != "normalize")
            or (whose == "re" and by_unicode(node))
        ):
            yield f"{node.lineno}: {ast.unparse(node.func)}"


def written_here(text: ast.expr) -> bool:
    """Return whether the program contains the text."""
    return isinstance(text, ast.Constant | ast.JoinedStr)


def by_unicode(call: ast.Call) -> bool:
    """Return whether a text pattern names character classes beyond ASCII."""
    flags = " ".join(ast.unparse(argument) for argument in (*call.args[1:], *call.keywords))
    pattern = ast.unparse(call.args[0]) if call.args else ""
    texts_in_it = [
        part.value
        for part in ast.walk(call.args[0])
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    return (
        "re.ASCII" not in flags
        and not pattern.startswith("b")
        and any(CLASSES.search(text) for text in texts_in_it)
    )


def ranges(characters: str) -> str:
    """Return a character class as the page writes it."""
    one = re.compile(f"[{characters}]")
    codes = {code for code in range(0x110000) if one.match(chr(code))}
    first = sorted(code for code in codes if code - 1 not in codes)
    last = sorted(code for code in codes if code + 1 not in codes)
    pairs = zip(first, last, strict=True)
    return ", ".join(f"{a:04X}" if a == b else f"{a:04X}-{b:04X}" for a, b in pairs)
