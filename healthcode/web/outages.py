"""One answer for a database that is gone, silent or too slow: 503, never 500.

The callers can only try again, so they are told when. Meanwhile a door judges without the server,
and a phone shows the code that it has.
"""

import random
import threading
import time
from typing import Final

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from prometheus_client import Counter

from healthcode.web.errors import Unavailable
from healthcode.web.pulse import Watch, logger

RETRY_AFTER_SECONDS: Final = range(2, 9)
"""Callers get random numbers from this range, so that they do not all return in the same second."""

PULSE_SECONDS: Final = 0.5
LOG_SECONDS: Final = 5

UNAVAILABLE: Final = Counter(
    "healthcode_requests_unavailable",
    "Requests answered 503 because the database did not do its part.",
)


def _ask_the_database() -> bool:
    """Tell whether the database answers, on a connection that only this thread uses."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError):
        connection.close()
        return False
    return True


DATABASE: Final = Watch("database", _ask_the_database, every=PULSE_SECONDS)


def retry_after() -> int:
    """Choose after how many seconds the caller shall try again."""
    return random.choice(RETRY_AFTER_SECONDS)  # noqa: S311 - spreads load, guards nothing


def refusal_of(error: BaseException | None) -> Unavailable | None:
    """Return the refusal for the caller if `error` means that the database failed; otherwise None.

    Django raises OperationalError for refused, lost or broken connections, for locks and statements
    that took too long, for deadlocks and serialization failures, and if the server shuts down or
    has no room. It raises InterfaceError if the connection was already closed. If a connection
    breaks between query and result, Django raises a plain DatabaseError.
    """
    known = isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError
    if not known:
        return None
    UNAVAILABLE.inc()
    _log.note(error)
    refusal = Unavailable()
    refusal.retry_after = retry_after()
    return refusal


class _Log:
    """Write one line for many failures, because an outage fails hundreds of calls a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = -float(LOG_SECONDS)
        self._unsaid = 0

    def note(self, error: BaseException | None) -> None:
        """Log this failure, or count it for the next line."""
        with self._lock:
            self._unsaid += 1
            if time.monotonic() - self._last < LOG_SECONDS:
                return
            self._last, count, self._unsaid = time.monotonic(), self._unsaid, 0
        what = str(error).partition("\n")[0]
        logger.warning("%d calls answered 503: %s: %s", count, type(error).__name__, what)


_log: Final = _Log()
