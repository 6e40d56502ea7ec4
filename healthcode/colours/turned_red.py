"""Count day by day how many people turned red in each county, to know what is usual there.

An alarm compares what happens within an hour with the usual number of a whole day, because most
hours of most counties have nobody.
"""

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from healthcode.colours.models import TurnedRed
from healthcode.colours.safeguards import AlarmFigures
from healthcode.core import Colour
from healthcode.web.days import day_of, span_of_day

EVERYWHERE: Final = ""
"""The area of the row that says how many people turned red on a day, wherever they live."""

# The BRIN index finds the changes of the day, so the time grows with that day's changes.
COUNT: Final = """
WITH red AS (
    SELECT DISTINCT person_id FROM colours_colourchange
    WHERE at >= %(starts)s AND at < %(ends)s AND after = %(red)s
      AND before <> after
), county AS (
    SELECT left(person.home_area, 6) AS area, count(*) AS people
    FROM red JOIN accounts_person AS person ON person.id = red.person_id GROUP BY 1
)
INSERT INTO colours_turnedred (day, area, people)
SELECT %(day)s, area, people FROM county
UNION ALL SELECT %(day)s, %(everywhere)s, coalesce(sum(people), 0) FROM county
ON CONFLICT DO NOTHING
"""
USUAL: Final = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY people) FROM (
    SELECT counted.day, coalesce(sum(within.people), 0) AS people
    FROM colours_turnedred AS counted
    LEFT JOIN colours_turnedred AS within
      ON within.day = counted.day AND within.area <> %(everywhere)s
     AND within.area LIKE %(area)s || '%%'
    WHERE counted.area = %(everywhere)s AND counted.day >= %(first)s AND counted.day < %(today)s
    GROUP BY counted.day
) AS days
"""


def count_days(*, at: datetime) -> int:
    """Count the days before today that are not counted yet; return how many.

    The changes of a day are kept for `COLOUR_RETENTION_DAYS`, so older days cannot be counted.
    """
    today = day_of(at)
    known = set(TurnedRed.objects.filter(area=EVERYWHERE).values_list("day", flat=True))
    back = range(1, settings.COLOUR_RETENTION_DAYS)
    missing = [day for day in (today - timedelta(days=n) for n in back) if day not in known]
    for day in missing:
        _count(day)
    return len(missing)


def usual_in(area: str, figures: AlarmFigures, *, at: datetime) -> float:
    """Return the median number of people of an area who turned red on one of the last days.

    Only counted days matter. If there are none yet, nothing is usual: 0.

    Args:
        area: short form; empty for the whole country.
    """
    today = day_of(at)
    bound: dict[str, Any] = {
        "everywhere": EVERYWHERE,
        "area": area[:6],
        "first": today - timedelta(days=figures.median_days),
        "today": today,
    }
    with connection.cursor() as cursor:
        cursor.execute(USUAL, bound)
        (median,) = cursor.fetchone()
    return float(median or 0)


def is_alarming(figures: AlarmFigures, *, reddened: int, usual: float) -> bool:
    """Return whether so many people turned red within the alarm's minutes that somebody must look.

    Args:
        reddened: how many turned red by one officer, source or venue.
        usual: what `usual_in` returns for the area.
    """
    return reddened > figures.people and reddened > figures.times_median * usual


def forget_days(at: datetime) -> int:
    """Delete the days that no policy's alarm can ask for any more; return how many rows."""
    oldest = day_of(at) - timedelta(days=settings.COLOUR_RETENTION_DAYS)
    return TurnedRed.objects.filter(day__lt=oldest).delete()[0]


@transaction.atomic
def _count(day: date) -> None:
    starts, ends = span_of_day(day)
    bound: dict[str, Any] = {
        "day": day,
        "starts": starts,
        "ends": ends,
        "red": Colour.RED,
        "everywhere": EVERYWHERE,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, bound)
