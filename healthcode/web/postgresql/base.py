"""The database engine. Django requires a module of this name.

It differs from Django's own engine in two ways. Before a request uses a kept connection, it checks
whether the server has closed the connection; this needs no SQL statement. And no call waits long
for the database, because each kind of call has its limits (`healthcode.web.calls`).
"""

import select
from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg2
from django.db.backends.postgresql import base
from psycopg2 import extensions, sql

from healthcode.web import calls
from healthcode.web.outages import DATABASE

CONNECTING: Final = {
    # The smallest value that libpq accepts.
    "connect_timeout": 2,
    # These detect a server, or a network, that disappeared without closing the connection.
    "tcp_user_timeout": 5000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}


def _prefix(limits: calls.Limits) -> str:
    settings = {
        "lock_timeout": limits.lock,
        "statement_timeout": limits.statement,
        "idle_in_transaction_session_timeout": limits.idle,
    }
    return "".join(
        f"SET LOCAL {name} = {int(seconds * 1000)};" for name, seconds in settings.items()
    )


_PREFIXES: Final = {kind: _prefix(limits) for kind, limits in calls.LIMITS.items()}


class Cursor(extensions.cursor):
    """A cursor that sets the limits of the current call at the beginning of each transaction.

    The cursor sends the limits together with the first statement, so they cost no additional round
    trip. The limits end with the transaction. So they also work behind PgBouncer in transaction
    mode, where callers share sessions and no options can be given when a connection starts.
    """

    def execute(
        self,
        query: str | bytes | sql.Composable,
        vars: Sequence[Any] | Mapping[str, Any] | None = None,
    ) -> None:
        """Run a statement. Raises OperationalError: the caller has gone or the server is silent."""
        work = calls.current()
        if work is not None:
            require_hope(work)
            if self.connection.status == extensions.STATUS_READY and not self._is_alone(work):
                query = _prefixed(_PREFIXES[work.kind], query)
        super().execute(query, vars)

    def _is_alone(self, work: calls.AtWork) -> bool:
        """Tell whether a migration without a transaction runs this.

        PostgreSQL takes two statements in one message for a transaction, in which CREATE INDEX
        CONCURRENTLY fails.
        """
        return work.kind is calls.CallKind.MIGRATION and self.connection.autocommit


def _prefixed(prefix: str, query: str | bytes | sql.Composable) -> str | bytes | sql.Composable:
    if isinstance(query, str):
        return prefix + query
    if isinstance(query, bytes):
        return prefix.encode() + query
    return sql.SQL(prefix) + query


def require_hope(work: calls.AtWork) -> None:
    """Raise OperationalError when an answer would come too late or never."""
    if work.abandoned:
        raise psycopg2.OperationalError("Whoever asked for this was told to come again")
    if DATABASE.is_silent():
        raise psycopg2.OperationalError("The database is silent")


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        """Add time-outs to Django's parameters; options in DATABASE_URL override them."""
        return {**CONNECTING, **super().get_connection_params(), "cursor_factory": Cursor}

    def get_new_connection(self, conn_params: Any) -> Any:
        """Connect. Raises OperationalError: the caller has gone or the server is silent."""
        work = calls.current()
        if work is not None:
            require_hope(work)
        return super().get_new_connection(conn_params)

    def _commit(self) -> None:
        """Commit, unless the caller has already been told that it could not be done."""
        work = calls.current()
        if work is not None and self.connection is not None:
            with self.wrap_database_errors:
                require_hope(work)
        super()._commit()  # type: ignore[misc]  # its stub does not know it

    def is_usable(self) -> bool:
        """Tell whether the kept connection still works.

        Between two requests a server sends only the notice that it closes the connection. So a
        connection with nothing to read is usable; otherwise Django's own check decides.
        """
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection, select.POLLIN)
        return not waiting.poll(0) or super().is_usable()
