"""Read a map that somebody wants to publish: lines with a code and a level, as CSV or JSON.

A map is accepted whole or not at all. All mistakes are found at once and listed by line, so that
the sender can correct the file in one go.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.authority import covers, normalise_code
from healthcode.areas.errors import EndedArea, InvalidMap
from healthcode.areas.lives import Life, lives
from healthcode.areas.models import AreaLevel, Level
from healthcode.web import texts
from healthcode.web.errors import InvalidInput

# The register has 11 617 divisions, past and present, so more lines must be a mistake.
MOST_LINES: Final = 20_000
# Enough to see what is wrong, and few enough to read.
MOST_ERRORS: Final = 50
COLUMNS: Final = ("code", "level")
LEVELS: Final = {level.label: level for level in Level}


class LineFault(StrEnum):
    """What is wrong with a line: words for programs, which never change."""

    NOT_CSV = "not-csv"
    NOT_A_LINE = "not-a-line"
    COLUMNS = "columns"
    TOO_LONG = "too-long"
    EMPTY = "empty"
    MALFORMED_CODE = "malformed-code"
    UNKNOWN_AREA = "unknown-area"
    ENDED_AREA = "ended-area"
    UNKNOWN_LEVEL = "unknown-level"
    LISTED_TWICE = "listed-twice"
    OUTSIDE_WHOLE = "outside-whole"


SENTENCES: Final[Mapping[LineFault, str | Promise]] = {
    LineFault.NOT_CSV: _("This is not a CSV file. Save the table as CSV (UTF-8)."),
    LineFault.NOT_A_LINE: _(
        "Each line must be an object with `code` and `level` and nothing else, both of them text."
    ),
    LineFault.COLUMNS: _(
        "The first line must have a column code and a column level, each once. All lines must "
        "have the same number of columns."
    ),
    LineFault.TOO_LONG: _("The map has more lines than there are areas."),
    LineFault.EMPTY: _(
        "The map lists no areas. List some, or name the area that it covers as a whole."
    ),
    LineFault.MALFORMED_CODE: _("Give the area by its code of 2, 4, 6 or 9 digits."),
    LineFault.UNKNOWN_AREA: _("There is no area with this code."),
    LineFault.ENDED_AREA: _("This area code is no longer in use on the day of the map."),
    LineFault.UNKNOWN_LEVEL: _("The level must be red, orange, yellow, blue or green."),
    LineFault.LISTED_TWICE: _("This area is listed twice. Keep one of the lines."),
    LineFault.OUTSIDE_WHOLE: _("This area lies outside the area that the map covers."),
}


@dataclass(frozen=True, slots=True)
class MapLine:
    """A line as somebody wrote it, unchecked.

    `position` is `{"line": 3}`, with a JSON `pointer` too if the map is JSON.
    """

    position: Mapping[str, object]
    code: str
    level: str


def lines_of_csv(data: bytes) -> list[MapLine]:
    """Read a CSV file with the columns code and level; other columns are ignored.

    The file may be UTF-8 with or without byte order mark, or GB 18030, which Chinese spreadsheet
    programs write. Codes and levels have the same bytes in both encodings.

    Raises:
        InvalidMap: this is not such a file, or two lines have different numbers of fields.
    """
    rows = _rows(data)
    header = [texts.trimmed(name).lower() for name in next(rows, (1, []))[1]]
    if any(header.count(column) != 1 for column in COLUMNS):
        raise _invalid([_error(LineFault.COLUMNS, {"line": 1})])
    code, level = (header.index(column) for column in COLUMNS)
    lines, errors = [], []
    for number, row in rows:
        if len(row) != len(header):
            errors.append(_error(LineFault.COLUMNS, {"line": number}))
        else:
            lines.append(
                MapLine({"line": number}, texts.trimmed(row[code]), texts.trimmed(row[level]))
            )
    if errors:
        raise _invalid(errors)
    return lines


def lines_of_json(items: Sequence[object]) -> list[MapLine]:
    """Read a JSON array of objects with the members code and level.

    Raises:
        InvalidMap: some items are something else; it gives the JSON pointer of each.
    """
    lines, errors = [], []
    for index, item in enumerate(items[: MOST_LINES + 1]):
        position = {"line": index + 1, "pointer": f"/levels/{index}"}
        if isinstance(item, dict) and item.keys() == set(COLUMNS) and _are_texts(item):
            lines.append(MapLine(position, item["code"], item["level"]))
        else:
            errors.append(_error(LineFault.NOT_A_LINE, position))
    if errors:
        raise _invalid(errors)
    return lines


def _are_texts(item: Mapping[object, object]) -> bool:
    return all(isinstance(value, str) for value in item.values())


def read_map(
    lines: Sequence[MapLine], *, whole_of: str | None, effective_from: datetime | None
) -> dict[str, Level]:
    """Return the level that each line of a map gives to its area. The keys are codes in short form.

    If a code has ended by `effective_from`, a line may only make it green, and only if it still has
    another level. Without this exception, nobody could remove that level. If the form has a mistake
    in the date, `effective_from` is None, and the function does not check which codes have ended.
    It sends at most two queries.

    Raises:
        InvalidMap: some lines are wrong. The error lists at most `MOST_ERRORS` of them.
        EndedArea: the code `whole_of` has ended by `effective_from`.
    """
    if len(lines) > MOST_LINES:
        raise _invalid([_error(LineFault.TOO_LONG, lines[MOST_LINES].position)])
    if not lines and whole_of is None:
        raise _invalid([_error(LineFault.EMPTY, {})])
    codes = {line.code: _short(line.code) for line in lines}
    known = lives({code for code in (*codes.values(), whole_of) if code})
    _require_whole(known.get(whole_of or ""), effective_from)
    ended = _ended(known.values(), effective_from)
    levels: dict[str, Level] = {}
    errors = []
    for line in lines:
        code = codes[line.code]
        fault = _fault(code, line, known, levels, whole_of)
        if fault:
            errors.append(_error(fault, line.position))
        elif code in ended and not (ended[code] and LEVELS[line.level.lower()] is Level.GREEN):
            sentence = known[code].sentence
            errors.append(_error(LineFault.ENDED_AREA, line.position, sentence))
        else:
            levels[code] = LEVELS[line.level.lower()]
    if errors:
        raise _invalid(errors)
    return levels


def _require_whole(whole: Life | None, effective_from: datetime | None) -> None:
    if whole and effective_from and whole.has_ended_by(effective_from):
        raise EndedArea([("/whole_of", whole.code, whole.sentence)])


def _ended(known: Iterable[Life], effective_from: datetime | None) -> dict[str, bool]:
    """Return the codes that have ended by then, each with whether it has a level to lift."""
    if effective_from is None:
        return {}
    ended = {life.code for life in known if life.has_ended_by(effective_from)}
    if not ended:
        return {}
    raised = AreaLevel.objects.filter(
        area__in=ended, during__overlap=(effective_from, None), level__gt=Level.GREEN
    )
    lifted = set(raised.values_list("area_id", flat=True))
    return {code: code in lifted for code in ended}


def _fault(
    code: str,
    line: MapLine,
    known: Mapping[str, Life],
    levels: Mapping[str, Level],
    whole_of: str | None,
) -> LineFault | None:
    if not code:
        return LineFault.MALFORMED_CODE
    if code not in known:
        return LineFault.UNKNOWN_AREA
    if code in levels:
        return LineFault.LISTED_TWICE
    if whole_of is not None and not covers(whole_of, code):
        return LineFault.OUTSIDE_WHOLE
    if line.level.lower() not in LEVELS:
        return LineFault.UNKNOWN_LEVEL
    return None


def _short(code: str) -> str:
    """Return the short form of a code, or "" if it is not a code."""
    try:
        return normalise_code(code)
    except InvalidInput:
        return ""


def _rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the number of its last line."""
    reader = csv.reader(io.StringIO(_text(data), newline=""), strict=True)
    try:
        for count, row in enumerate(reader):
            if count > MOST_LINES:
                raise _invalid([_error(LineFault.TOO_LONG, {"line": reader.line_num})])
            if not all(texts.says_nothing(field) for field in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise _invalid([_error(LineFault.NOT_CSV, {"line": reader.line_num})]) from error


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _invalid([_error(LineFault.NOT_CSV, {"line": 1})])


def _error(
    fault: LineFault, position: Mapping[str, object], sentence: str = ""
) -> dict[str, object]:
    return {**position, "fault": fault.value, "detail": sentence or SENTENCES[fault]}


def _invalid(errors: Iterable[dict[str, object]]) -> InvalidMap:
    found = list(errors)
    return InvalidMap(found[:MOST_ERRORS], faults=len(found))
