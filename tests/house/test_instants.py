"""People read days and instants in one form for each language, and one module reads them.

Pages use the filters `day`, `instant`, `begins` and `finishes`, scripts use `writeInstant`, and
sentences use `write_day` and `write_instant`. Commands and interfaces print ISO 8601.
"""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("accounts", "healthcode", "verifier")
# Django's filters for dates, but not the ISO value of a form's field or of a link.
OTHER_FILTERS: Final = re.compile(
    r"""(?<!value=")(?<!max=")(?<!min=")(?<!\?on=)"""
    r"""(?:\{[{%][^{}]*?\|(?:date|time|timesince|timeuntil|localize|naturaltime|naturalday)\b"""
    r"""|\{%\s*now\b)"""
)
# A date or an instant that no filter writes: Django then shows its own form.
BARE: Final = re.compile(
    r"""(?:\{\{\s*|\w=)((?:[a-z_]+\.)+(?:[a-z_]+_)?(?:at|since|until|starts|ends|from|day))\s*"""
    r"""(?=\}\}|\w+=|%\})"""
)
SPOKEN: Final = re.compile(r"\btoLocale(?:Time|Date)?String\b|\bDateTimeFormat\b")
# These functions of Python give people another form, or follow the locale of the process.
STRFTIME: Final = re.compile(
    r"\{[^{}\n]*:%[HYmdMBbAa]|\bstrftime\b|\bdate_format\b|\bformats\.localize\b"
)
CLOCKS: Final = {
    # It ticks, by the second.
    "healthcode/codes/templates/codes/live.html": 1,
    "healthcode/codes/frontend/live/screen.ts": 1,
    # The one form in scripts: a format for the parts, another for the name of the month.
    "healthcode/web/frontend/shared/instants.ts": 2,
}
# What the browser gets back from its own form: it sent an ISO text, no date.
SENT: Final = {"form", "form.faults", "faults", "place", "sent", "meeting_sent"}
PRINTED: Final = {
    "healthcode/web/days.py": 1,
    # What operators read in a terminal.
    "healthcode/alliance/__main__.py": 1,
    "healthcode/codes/management/commands/list_keys.py": 2,
    "healthcode/administration/management/commands/make_signing_key.py": 1,
    "healthcode/evidence/management/commands/list_document_signers.py": 1,
    "healthcode/administration/management/commands/enrolment_code.py": 1,
    "verifier/management/commands/partner_calls.py": 1,
    # Names of tables and of status lists, references, numbers of documents.
    "healthcode/codes/status_lists/indexes.py": 2,
    "healthcode/tools/demo/history.py": 1,
    "healthcode/tools/demo/people.py": 1,
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
    """Count the matches of a pattern in the files with this ending, leaving out files with none."""
    counts = {
        str(path.relative_to(ROOT)): len(pattern.findall(path.read_text("utf-8")))
        for room in ROOMS
        for path in (ROOT / room).rglob(f"*{ending}")
        if "static" not in path.parts
    }
    return {path: count for path, count in counts.items() if count}


def bare(text: str) -> list[str]:
    """Find the values of a template that are named like dates and pass through no filter."""
    return [value for value in BARE.findall(text) if value.rpartition(".")[0] not in SENT]


def test_pages_write_dates_by_the_filters_of_web() -> None:
    templates = [path for room in ROOMS for path in (ROOT / room).rglob("templates/**/*.html")]
    assert {
        path.name: names for path in templates if (names := bare(path.read_text("utf-8")))
    } == {}
    assert found(".html", OTHER_FILTERS) | found(".ts", SPOKEN) == CLOCKS


def test_sentences_write_dates_by_the_functions_of_web() -> None:
    assert found(".py", STRFTIME) == PRINTED


def test_instants_and_dates_are_read_in_one_place() -> None:
    """Python's own readers accept weeks, days without hyphens and more with each version."""
    assert found(".py", READERS) == READ


def test_what_writes_a_date_otherwise_is_found() -> None:
    for said in (
        '{{ a|date:"H:i" }}',
        '{{ a|date:"Y-m-d" }}',
        "{{ a.b|default:c|date }}",
        "{{ a|time }}",
        "{% blocktranslate with day=a|date:'Y-m-d' %}",
        "{{ a|timesince }}",
        "{% now 'Y' %}",
    ):
        assert OTHER_FILTERS.search(said), said
    for said in ("value=\"{{ a|date:'Y-m-d' }}\"", "?on={{ a|date:'Y-m-d' }}", "{{ a|instant }}"):
        assert not OTHER_FILTERS.search(said), said


def test_what_no_filter_writes_is_found() -> None:
    assert bare("{{ fact.starts }} {% blocktranslate with until=decision.until %}") == [
        "fact.starts",
        "decision.until",
    ]
    assert bare("{{ fact.starts|day }} {{ form.day }} {% if reason.until %}") == []
