"""Every decision record has the form of docs/decisions/README.md, and its links lead somewhere."""

import re
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "docs/decisions"
INDEX: Final = (FOLDER / "README.md").read_text("utf-8")
FILES: Final = sorted(FOLDER.glob("[0-9]*.md"))

HEAD: Final = re.compile(
    r"# (?P<number>\d{4}): (?P<title>\S.+\S)\n\n- Status: (?P<status>.+)\n- Date: (?P<day>\S+)\n\n"
)
STATUS: Final = re.compile(r"accepted|(amended|replaced) by \d{4}(, \d{4})*")
SECTIONS: Final = ["Decision", "Why", "Rejected", "Look again"]
SECTION: Final = re.compile(r"^## (.+)$", re.MULTILINE)
LINK: Final = re.compile(r"\[(\d{4})\]\((\d{4})-[\w-]+\.md\)")
ROW: Final = re.compile(r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \| (.+) \|$", re.MULTILINE)
NEVER_USED: Final = re.compile(r"^.*\b(\d{4}) was never used", re.MULTILINE)
NAMED: Final = re.compile(r"decisions/(\d{4}[\w-]*\.md)")
NAMING: Final = (".css", ".html", ".md", ".po", ".py", ".ts")
"""Kinds of files that may name a record."""
TOPS: Final = ("accounts", "docs", "healthcode", "tests", "verifier")


class Record(NamedTuple):
    """One decision record: its head, the titles of its sections and their texts."""

    number: str
    title: str
    status: str
    day: str
    sections: list[str]
    texts: list[str]


def read(text: str) -> Record:
    """Read a decision record. The links in its status become their numbers."""
    head = HEAD.match(text)
    assert head, "begins with title, status and date as docs/decisions/README.md says"
    _, *parts = SECTION.split(text)
    status = LINK.sub(r"\1", head["status"])
    texts = [part.strip() for part in parts[1::2]]
    return Record(head["number"], head["title"], status, head["day"], parts[::2], texts)


RECORDS: Final = {path.name: read(path.read_text("utf-8")) for path in FILES}


@pytest.mark.parametrize("name", RECORDS)
def test_record_has_the_form(name: str) -> None:
    record = RECORDS[name]
    assert name.startswith(f"{record.number}-")
    assert STATUS.fullmatch(record.status), record.status
    assert date.fromisoformat(record.day).isoformat() == record.day
    assert record.sections == SECTIONS
    assert all(record.texts), "no section is empty"


def test_index_lists_every_record() -> None:
    rows = ROW.findall(INDEX)
    assert rows == [(one.number, name, one.title, one.status) for name, one in RECORDS.items()]


def test_numbers_have_no_gap_but_those_that_the_index_explains() -> None:
    numbers = [int(record.number) for record in RECORDS.values()]
    explained = {int(number) for number in NEVER_USED.findall(INDEX)}
    assert len(set(numbers)) == len(numbers)
    assert set(range(1, max(numbers) + 1)) - set(numbers) == explained


@pytest.mark.parametrize("name", RECORDS)
def test_later_record_links_back(name: str) -> None:
    record = RECORDS[name]
    for number in re.findall(r"\d{4}", record.status):
        (later,) = (path for path in FILES if path.name.startswith(f"{number}-"))
        assert number > record.number
        assert f"({name})" in later.read_text("utf-8"), f"{later.name} does not name {name}"


@pytest.mark.parametrize("name", RECORDS)
def test_links_between_records_have_the_number_they_show(name: str) -> None:
    links = LINK.findall((FOLDER / name).read_text("utf-8"))
    assert all(shown == target for shown, target in links)


def test_every_record_that_a_file_names_exists() -> None:
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in [
            *ROOT.glob("*.md"),
            *(path for top in TOPS for path in (ROOT / top).rglob("*")),
        ]
        if path.suffix in NAMING
        for name in NAMED.findall(path.read_text("utf-8"))
        if name not in RECORDS
    }
    assert missing == set()


@pytest.mark.parametrize(
    "text",
    [
        "# 1. Rooms\n\n- Status: accepted\n- Date: 2026-11-29\n\n",
        "# 0001: Rooms\n\n- Date: 2026-11-29\n\n",
        "# 0001: Rooms\n\n- Status: accepted\n\n",
    ],
)
def test_a_wrong_head_is_found(text: str) -> None:
    with pytest.raises(AssertionError):
        read(text)
