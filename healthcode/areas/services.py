"""Write divisions and their levels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from healthcode.acts.models import Act
from healthcode.areas.changes import Change, between, fell, rose
from healthcode.areas.models import Area, AreaLevel, Level
from healthcode.areas.selectors import require_known
from healthcode.web.advisory_locks import AdvisoryLock

# PostgreSQL finds temporary tables before others of the same name. So, until the transaction ends,
# every statement about levels reads this copy.
SHADOW = """
    CREATE TEMPORARY TABLE areas_arealevel ON COMMIT DROP AS TABLE areas_arealevel;
    CREATE INDEX ON areas_arealevel (area_id);
    ANALYZE areas_arealevel
"""

CUT = "UPDATE areas_arealevel SET during = tstzrange(lower(during), %s) WHERE id = ANY(%s)"
ADD = """
    INSERT INTO areas_arealevel (area_id, level, during, act_id)
    SELECT code, level, tstzrange(%s, NULL), %s
    FROM unnest(%s::varchar[], %s::smallint[]) AS given (code, level)
"""
UPSERT = """
    INSERT INTO areas_area AS known (code, name, begins, ends)
    SELECT * FROM unnest(%s::varchar[], %s::varchar[], %s::date[], %s::date[])
    ON CONFLICT (code) DO UPDATE
    SET name = excluded.name, begins = excluded.begins, ends = excluded.ends
    WHERE (known.name, known.begins, known.ends)
        IS DISTINCT FROM (excluded.name, excluded.begins, excluded.ends)
"""


@dataclass(frozen=True, slots=True)
class LevelsChange:
    """What changes when an officer publishes a map.

    `touches_from` is the time from which the map is in force. `rose` and `fell` are the areas whose
    level is higher or lower at that time. `touched` are the codes of all areas whose level differs
    at that time or later. These are the areas in `rose` and `fell`, and areas with replaced levels
    at later times.
    """

    rose: tuple[Change, ...]
    fell: tuple[Change, ...]
    touched: tuple[str, ...]
    touches_from: datetime


def one_publication_at_a_time() -> None:
    """Take the lock for publications and hold it until the transaction ends.

    Two maps about the same areas must not be written at the same time. Call this before locking any
    row; then two publications cannot deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {AdvisoryLock.LEVELS.alone}")


def publish_levels(
    *, act: Act, effective_from: datetime, whole_of: str | None, levels: Mapping[str, Level]
) -> LevelsChange:
    """Give areas their risk `levels` from `effective_from` on.

    They replace all levels of these areas from this time on. Earlier levels stay. An area at or
    below `whole_of` becomes green if an earlier map named it and `levels` does not. Call this
    within a transaction. The number of statements does not depend on the size of the map.

    Raises:
        UnknownArea: there is no division with this code.
    """
    require_known([*levels, *([whole_of] if whole_of else [])])
    one_publication_at_a_time()
    return _publish(act.pk, effective_from, whole_of, levels)


def levels_to_replace(
    *, effective_from: datetime, whole_of: str | None, levels: Mapping[str, Level]
) -> dict[str, list[tuple[datetime, Level]]]:
    """Return the levels that `publish_levels` with the same arguments would change, by area.

    Each level comes with its beginning, the earliest first. The list is empty for an area that has
    no level yet, and thus is green. An area is missing if it keeps its level for good. The caller
    holds the lock for publications.
    """
    wanted = _with_silent_greens(levels, whole_of)
    replaced = _from(effective_from, wanted)
    touched = _difference(replaced, wanted, effective_from).touched
    held: dict[str, list[tuple[datetime, Level]]] = {code: [] for code in touched}
    for period in sorted(replaced, key=lambda period: period.starts):
        if period.code in held:
            held[period.code].append((period.starts, period.level))
    return held


@contextmanager
def levels_as_if(
    *, effective_from: datetime, whole_of: str | None, levels: Mapping[str, Level]
) -> Iterator[LevelsChange]:
    """Within the `with` block, show this connection the map as if `levels` were published.

    It works on a copy of the table, so nobody else has to wait, however long the block takes. After
    the block, everything that the block wrote is rolled back.

    Raises:
        UnknownArea: there is no division with this code.
    """
    require_known([*levels, *([whole_of] if whole_of else [])])
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(SHADOW)
        yield _publish(None, effective_from, whole_of, levels)
        transaction.set_rollback(True)


@dataclass(frozen=True, slots=True)
class _Period:
    """A stored level whose period goes on after the instant from which the new map holds."""

    id: int
    code: str
    level: Level
    starts: datetime


def _publish(
    act: int | None, effective_from: datetime, whole_of: str | None, levels: Mapping[str, Level]
) -> LevelsChange:
    wanted = _with_silent_greens(levels, whole_of)
    replaced = _from(effective_from, wanted)
    _replace(replaced, wanted, effective_from, act)
    return _difference(replaced, wanted, effective_from)


def _from(effective_from: datetime, codes: Iterable[str]) -> list[_Period]:
    rows = AreaLevel.objects.filter(
        area_id__in=list(codes), during__overlap=(effective_from, None)
    ).values_list("id", "area_id", "level", "during__startswith")
    return [_Period(id_, code, Level(level), starts) for id_, code, level, starts in rows]


def _with_silent_greens(levels: Mapping[str, Level], whole_of: str | None) -> dict[str, Level]:
    if whole_of is None:
        return dict(levels)
    named = AreaLevel.objects.filter(area__code__startswith=whole_of)
    greens = dict.fromkeys(named.values_list("area_id", flat=True).distinct(), Level.GREEN)
    return {**greens, **levels}


def _replace(
    replaced: Sequence[_Period],
    wanted: Mapping[str, Level],
    effective_from: datetime,
    act: int | None,
) -> None:
    """Delete periods that begin later, end older ones at `effective_from`, and add the new.

    The order matters: the exclusion constraint checks each row at once, and not at commit.
    """
    later = [period.id for period in replaced if period.starts >= effective_from]
    cut = [period.id for period in replaced if period.starts < effective_from]
    AreaLevel.objects.filter(pk__in=later).delete()
    with connection.cursor() as cursor:
        cursor.execute(CUT, [effective_from, cut])
        cursor.execute(ADD, [effective_from, act, list(wanted), list(wanted.values())])


def _difference(
    replaced: Sequence[_Period], wanted: Mapping[str, Level], effective_from: datetime
) -> LevelsChange:
    held = {period.code: period.level for period in replaced if period.starts <= effective_from}
    changes = between(held, wanted)
    touched = {change.code for change in changes}
    touched.update(period.code for period in replaced if period.level is not wanted[period.code])
    return LevelsChange(
        rose=rose(changes),
        fell=fell(changes),
        touched=tuple(sorted(touched)),
        touches_from=effective_from,
    )


def load_divisions(divisions: Sequence[Area]) -> int:
    """Insert or update all divisions in one statement; return how many are new or changed.

    Codes are never deleted, because old evidence refers to them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            UPSERT,
            [
                [division.code for division in divisions],
                [division.name for division in divisions],
                [division.begins for division in divisions],
                [division.ends for division in divisions],
            ],
        )
        return int(cursor.rowcount)
