"""The database engine; Django wants it in a module of this name.

Before the first statement of a request Django sees whether its kept connection still lives, so
that a restart of the database fails nobody's request. It asks the server for that, a statement more
with each request; what the server did is already known on this side.

Nobody waits for the database for long: each kind of call has its limits (`healthcode.web.calls`).
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
    # The least that libpq takes.
    "connect_timeout": 2,
    # A server that vanished without a word, or the way to it.
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
    """A cursor whose transactions begin with the limits of what their thread is at.

    They travel with the first statement, which costs no way of its own, and end with the
    transaction. So they hold behind PgBouncer in transaction mode too, which hands a session on to
    others and refuses such options at its start.
    """

    def execute(
        self,
        query: str | bytes | sql.Composable,
        vars: Sequence[Any] | Mapping[str, Any] | None = None,
    ) -> None:
        """See psycopg2. Raises OperationalError where nobody waits, or the server is silent."""
        work = calls.current()
        if work is not None:
            require_hope(work)
            if self.connection.status == extensions.STATUS_READY:
                query = _prefixed(_PREFIXES[work.kind], query)
        super().execute(query, vars)


def _prefixed(prefix: str, query: str | bytes | sql.Composable) -> str | bytes | sql.Composable:
    if isinstance(query, str):
        return prefix + query
    if isinstance(query, bytes):
        return prefix.encode() + query
    return sql.SQL(prefix) + query


def require_hope(work: calls.AtWork) -> None:
    """Raise OperationalError where an answer would come too late, or never."""
    if work.abandoned:
        raise psycopg2.OperationalError("Whoever asked for this was told to come again")
    if DATABASE.is_silent():
        raise psycopg2.OperationalError("The database is silent")


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's."""

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, with an end to waiting; what DATABASE_URL says counts."""
        return {**CONNECTING, **super().get_connection_params(), "cursor_factory": Cursor}

    def get_new_connection(self, conn_params: Any) -> Any:
        """A connection. Raises OperationalError at once where none would come."""
        work = calls.current()
        if work is not None:
            require_hope(work)
        return super().get_new_connection(conn_params)

    def _commit(self) -> None:
        """Commit, unless the caller was told that it could not be done."""
        work = calls.current()
        if work is not None and self.connection is not None:
            with self.wrap_database_errors:
                require_hope(work)
        super()._commit()  # type: ignore[misc]  # its stub does not know it

    def is_usable(self) -> bool:
        """Whether the kept connection can be used.

        Between two requests a server sends nothing but its farewell: where there is nothing to
        read, it has not gone. Where there is, Django's own way tells.
        """
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection, select.POLLIN)
        return not waiting.poll(0) or super().is_usable()
