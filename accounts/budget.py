"""How many login codes the service sends in an hour and in a day, whoever asks.

Each message costs money, and somebody with many addresses and numbers can ask for many. Known
devices are counted but never refused: each has a small allowance of its own.
"""

import logging
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from django.conf import settings
from django.db import connection
from prometheus_client import Counter

from accounts.errors import NoMoreCodes
from accounts.login_models import SentCodes
from healthcode.web.days import day_of, end_of_today, start_of_day

logger = logging.getLogger(__name__)

SENT: Final = Counter("healthcode_codes_sent", "Login codes sent, by kind of device.", ["device"])
REFUSED: Final = Counter("healthcode_codes_refused", "Login codes not sent, by reason.", ["why"])
ALARMS: Final = Counter(
    "healthcode_code_budget_alarms", "How often a share of a budget was reached.", ["share"]
)
KEPT_FOR: Final = timedelta(days=28)
SHARES: Final = (80, 100)
"""The percentages of a budget at which operators are told."""

# One row an hour: who sends waits for whoever counts at the same instant, until the commit.
_COUNT: Final = """\
WITH counted AS (
  INSERT INTO accounts_sentcodes AS now (hour, sent) VALUES (%(hour)s, 1)
  ON CONFLICT (hour) DO UPDATE SET sent = now.sent + 1
  RETURNING sent)
SELECT counted.sent,
       counted.sent + COALESCE((SELECT sum(sent) FROM accounts_sentcodes
                                 WHERE hour >= %(day)s AND hour < %(hour)s), 0)
  FROM counted
"""


def spend(*, is_known: bool, at: datetime) -> None:
    """Count one code that is about to be sent.

    Raises:
        NoMoreCodes: the budget of the hour or the day is used up, and the device is not known.
    """
    hour = at.replace(minute=0, second=0, microsecond=0)
    day = start_of_day(day_of(at))
    if not is_known:
        _refuse_if_spent(hour, day, at)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"hour": hour, "day": day})
        in_hour, in_day = cursor.fetchone()
    SENT.labels("known" if is_known else "unknown").inc()
    _tell("hour", in_hour, settings.CODES_PER_HOUR)
    _tell("day", in_day, settings.CODES_PER_DAY)


def forget_counts(*, at: datetime) -> int:
    """Delete the counts that are old enough."""
    return SentCodes.objects.filter(hour__lt=at - KEPT_FOR).delete()[0]


def _refuse_if_spent(hour: datetime, day: datetime, at: datetime) -> None:
    counts = dict(SentCodes.objects.filter(hour__gte=min(hour, day)).values_list("hour", "sent"))
    ends = []
    if counts.get(hour, 0) >= settings.CODES_PER_HOUR:
        ends.append(hour + timedelta(hours=1))
    if sum(sent for began, sent in counts.items() if began >= day) >= settings.CODES_PER_DAY:
        ends.append(end_of_today(at))
    if ends:
        REFUSED.labels("budget").inc()
        raise NoMoreCodes(retry_after=ceil((max(ends) - at).total_seconds()))


def _tell(period: str, sent: int, most: int) -> None:
    """Tell operators when exactly a share of a budget is reached."""
    for share in SHARES:
        if sent == ceil(most * share / 100):
            ALARMS.labels(str(share)).inc()
            level = logging.ERROR if share == max(SHARES) else logging.WARNING
            logger.log(
                level, "%s %% of the login codes of the %s are sent: %s", share, period, sent
            )
