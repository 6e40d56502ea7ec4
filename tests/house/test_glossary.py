"""docs/glossary.md has every word that a reader of the code needs, each once."""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from django.apps import apps
from django.utils import translation
from django.utils.functional import Promise

from healthcode.acts.kinds import ActKind
from healthcode.core import Reason
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import EvidenceKind
from tests.house.definitions import TOPS, definitions
from tests.house.floors import contract_lines

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs" / "glossary.md").read_text("utf-8")
HEAD: Final = "| word | 中文 | what it is |"
ROW: Final = re.compile(
    r"\| (?P<word>[^|`]+?)(?: `(?P<code>[^`]+)`)? \| (?P<zh>[^|]+) \| (?P<text>[^|]+) \|"
)
CODE: Final = re.compile("`([^`]+)`")
LABELS: Final[Mapping[str, str | Promise]] = {
    **{f"ActKind.{kind.name}": kind.label for kind in ActKind},
    **{f"EvidenceKind.{kind.name}": record.name for kind, record in KINDS.items()},
}


class Entry(NamedTuple):
    """A line of the glossary; `code` is "" where the word is no name in the code."""

    section: str
    word: str
    code: str
    chinese: str


def lines() -> Iterator[tuple[str, str]]:
    """Yield the lines of all tables with their section, without heads."""
    section = ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("|") and line not in {HEAD, "|---|---|---|"}:
            yield section, line


def entries() -> list[Entry]:
    found = [(section, ROW.fullmatch(line)) for section, line in lines()]
    return [
        Entry(section, row["word"], row["code"] or "", row["zh"]) for section, row in found if row
    ]


def public_models() -> set[str]:
    return {
        model.__name__
        for model in apps.get_models()
        if model.__module__.partition(".")[0] in TOPS and not model.__name__.startswith("_")
    }


def rooms() -> set[str]:
    """The rooms that are built, and the parts of the verifier."""
    names = {name for line in contract_lines(ROOT) for name in re.split(r" [|:] ", line)}
    parts = {f"verifier.{path.parent.name}" for path in (ROOT / "verifier").glob("*/__init__.py")}
    return {name for name in names if "(" not in name} | (
        parts - {"verifier.management", "verifier.migrations"}
    )


def members_of(enumeration: type[Enum]) -> set[str]:
    return {f"{enumeration.__name__}.{member.name}" for member in enumeration}


@pytest.mark.parametrize(
    "needed",
    [
        pytest.param(public_models(), id="models"),
        pytest.param(members_of(EvidenceKind), id="evidence kinds"),
        pytest.param(members_of(ActKind), id="acts"),
        pytest.param(members_of(Reason), id="reasons of a verdict"),
        pytest.param(rooms(), id="rooms"),
    ],
)
def test_nothing_is_missing(needed: set[str]) -> None:
    assert len(needed) > 5
    assert sorted(needed - {entry.code for entry in entries()}) == []


def test_every_line_of_a_table_can_be_read() -> None:
    assert [line for _, line in lines() if not ROW.fullmatch(line)] == []


def test_every_word_stands_once() -> None:
    words = [entry.word.lower() for entry in entries()]
    codes = [entry.code for entry in entries() if entry.code]
    assert sorted({word for word in words if words.count(word) > 1}) == []
    assert sorted({code for code in codes if codes.count(code) > 1}) == []


def test_the_words_of_a_section_are_in_alphabetical_order() -> None:
    wrong = [
        (before.word, after.word)
        for before, after in pairwise(entries())
        if before.section == after.section and before.word.lower() > after.word.lower()
    ]
    assert wrong == []


def test_all_that_is_named_as_code_exists() -> None:
    assert len(CODE.findall(PAGE)) > 100
    assert sorted({name for name in CODE.findall(PAGE) if not exists(name)}) == []


@pytest.mark.parametrize(
    "name",
    [
        "Likeness",
        "EvidenceKind.RUMOUR",
        "healthcode.rumours",
        "verifier.rumours",
        "docs/no.md",
        "no()",
    ],
)
def test_what_does_not_exist_is_noticed(name: str) -> None:
    assert not exists(name)


@pytest.mark.parametrize("code", LABELS)
def test_words_of_pages_are_those_that_the_pages_have(code: str) -> None:
    """Labels of acts and names of kinds: in English, and in the Chinese of the translations."""
    (entry,) = (entry for entry in entries() if entry.code == code)
    with translation.override("en"):
        assert entry.word.lower() == str(LABELS[code]).lower()
    with translation.override("zh-hans"):
        assert entry.chinese == str(LABELS[code])


def exists(name: str) -> bool:
    """Whether the repository has this file, package, function, class or member of a class."""
    if "/" in name:
        return (ROOT / name).exists()
    if name.endswith("()"):
        return name[:-2] in definitions(ROOT).functions
    if name.islower():
        place = ROOT / name.replace(".", "/")
        return place.is_dir() or place.with_suffix(".py").exists()
    owner, _, member = name.partition(".")
    if member:
        return (owner, member) in definitions(ROOT).members
    return owner in definitions(ROOT).types
