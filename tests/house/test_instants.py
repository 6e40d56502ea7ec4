"""One way to say an instant and one to read it.

Pages use the filter `instant`, scripts the function of that name; `healthcode.core.instants` reads.
"""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("accounts", "healthcode", "verifier")
# A filter that says hours, or a form of the language; not the value of a form's field.
HOURS: Final = re.compile(r"""\|(?:date|time)(?::"(?:[^"]*[aAPgGhHisu][^"]*|[A-Z_]+)"|\s|\})""")
SPOKEN: Final = re.compile(r"\btoLocale(?:Time|Date)?String\b|\bDateTimeFormat\b")
CLOCKS: Final = {
    # It ticks, by the second.
    "healthcode/codes/templates/codes/live.html": 1,
    "healthcode/codes/frontend/live/screen.ts": 1,
    "healthcode/web/frontend/shared/instants.ts": 1,
}
READERS: Final = re.compile(r"\b(?:fromisoformat|strptime|parse_date(?:time)?)\b")
READ: Final = {
    "healthcode/core/instants.py": 2,
    # In a document's number, and in an address: eight digits, which have been checked.
    "accounts/identity.py": 1,
    "healthcode/codes/well_known.py": 1,
    # What others sign is read as their standard says (ISO 8601).
    "healthcode/evidence/certificates.py": 1,
}


def found(ending: str, pattern: re.Pattern[str]) -> dict[str, int]:
    """The files of an ending that have the pattern, and how often."""
    counts = {
        str(path.relative_to(ROOT)): len(pattern.findall(path.read_text("utf-8")))
        for room in ROOMS
        for path in (ROOT / room).rglob(f"*{ending}")
        if "static" not in path.parts
    }
    return {path: count for path, count in counts.items() if count}


def test_instants_are_said_in_one_way() -> None:
    assert found(".html", HOURS) | found(".ts", SPOKEN) == CLOCKS


def test_instants_and_dates_are_read_in_one_place() -> None:
    """The interpreter's readers take weeks, days without hyphens and what its next version adds."""
    assert found(".py", READERS) == READ


def test_what_says_hours_is_found() -> None:
    for said in ('{{ a|date:"H:i" }}', '{{ a|date:"DATETIME_FORMAT" }}', "{{ a|time }}", "|date }"):
        assert HOURS.search(said)
    for said in ('{{ a|date:"Y-m-d" }}', "{{ a|date:'H:i' }}", "{{ a|instant }}"):
        assert not HOURS.search(said)
