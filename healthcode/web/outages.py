"""The database gone, silent, or not to be had in time: one answer for all, and it is never 500.

Whoever calls can do nothing about it but come again, so they are told when. A door judges alone
meanwhile, and a phone shows the code that it has.
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
"""Those told to come again come spread over this, not all in the same second."""

PULSE_SECONDS: Final = 0.5
LOG_SECONDS: Final = 5

UNAVAILABLE: Final = Counter(
    "healthcode_requests_unavailable",
    "Requests answered 503 because the database did not do its part.",
)


def _ask_the_database() -> bool:
    """Whether it answers; a connection of this thread's own is kept for it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError):
        connection.close()
        return False
    return True


DATABASE: Final = Watch("database", _ask_the_database, every=PULSE_SECONDS)


def retry_after() -> int:
    """After how many seconds to come again."""
    return random.choice(RETRY_AFTER_SECONDS)  # noqa: S311 - spreads load, guards nothing


def refusal_of(error: BaseException | None) -> Unavailable | None:
    """The refusal that a failure of the database is; None for any other error.

    Connections refused, lost or broken, locks and statements that took too long, deadlocks,
    serialization failures, a server that shuts down or is out of room: all are OperationalError,
    or InterfaceError where the connection was closed before. A connection that breaks between
    question and answer gives a bare DatabaseError.
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
    """One line for many: an outage fails hundreds of calls a second for the same reason."""

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
