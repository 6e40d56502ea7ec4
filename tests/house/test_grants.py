"""Code that reads grants says whether those that have ended count."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("accounts", "healthcode", "verifier")
READS: Final = re.compile(
    r"(?:\bGrant\.objects|\.grants)\s*\.(?!in_force\(|ever\(|ended\(|create\()"
    r"(?:all|filter|exclude|get|values|values_list|count|exists|first|order_by|aggregate)\b"
)
JOINED: Final = re.compile(r"(?:\b|_)grants?__(?!isnull)\w+=")
SQL: Final = re.compile(r"\b(?:FROM|JOIN) (?:public\.)?accounts_grant\b")
JOINS: Final = {
    # Each stands beside `in_force(at, …)` in the same `filter`.
    "healthcode/confirmation/telling.py": 2,
    "healthcode/sources/grants.py": 2,
    "verifier/partners/services.py": 1,
    # Deletes what belongs to a grant that has ended.
    "healthcode/administration/plans.py": 2,
    # Lists the calls of somebody who was a partner.
    "verifier/management/commands/partner_calls.py": 1,
}


def found(pattern: re.Pattern[str]) -> dict[str, int]:
    """Count the matches of a pattern in the code, leaving out files with none."""
    counts = {
        str(path.relative_to(ROOT)): len(pattern.findall(path.read_text("utf-8")))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if "migrations" not in path.parts
    }
    return {path: count for path, count in counts.items() if count}


def test_each_query_of_grants_says_which_count() -> None:
    # Here, `grants` are what a report can still use, by number.
    assert found(READS) == {"healthcode/sources/grants.py": 2}


def test_each_join_with_grants_is_known() -> None:
    assert found(JOINED) == JOINS
    for path, _count in JOINS.items():
        text = (ROOT / path).read_text("utf-8")
        assert re.search(r"in_force\(|ended\(|partner_calls", text), path


def test_only_functions_of_migrations_read_the_table_in_sql() -> None:
    assert found(SQL) == {}


def test_a_query_that_does_not_say_it_is_found() -> None:
    assert READS.search("account.grants.filter(role=role)")
    assert READS.search("Grant.objects.get(pk=1)")
    assert not READS.search("account.grants.in_force(at).filter(role=role)")
    assert JOINED.search("Account.objects.filter(grants__role=role)")
