"""Who the tests are to the database: the service's role; the owner only where a test says so.

The tests log in as the owner, because it makes their database, and then take the service's role
(SET ROLE). So PostgreSQL refuses them what it refuses the service. `as_owner` gives a test the
rights of somebody who edits the database.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any, Final

import psycopg2
from django.db import connection
from django.db.backends.signals import connection_created

from healthcode.tools.run.postgres import DOORS, OWNER, SERVICE, Postgres

LOGIN: Final[dict[str, str]] = {}
"""The setting DATABASE_OWNER_URL of the servers of this process, for programs that need it."""


def may_be_the_service(postgres: Postgres) -> None:
    """Let the owner of a server of the tests take the other roles, as only tests may."""
    server = psycopg2.connect(postgres.url("postgres", user="postgres"))
    with closing(server), server, server.cursor() as cursor:
        cursor.execute(f"GRANT {SERVICE}, {DOORS} TO {OWNER}")


_roles: Final[list[str]] = [SERVICE]
"""The role of the tests' connections is the last one."""


def take_role(connection: Any, **_: object) -> None:
    """Give a connection of Django the role that tests have now."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {_roles[-1]}")


@contextmanager
def all_as_service() -> Iterator[None]:
    """Give all connections of Django the service's role, within a `with` block."""
    connection_created.connect(take_role)
    connection.close()
    try:
        yield
    finally:
        connection.close()
        connection_created.disconnect(take_role)


@contextmanager
def _as(role: str) -> Iterator[None]:
    _roles.append(role)
    take_role(connection)
    try:
        yield
    finally:
        _roles.pop()
        # A transaction that is to be rolled back takes the role back by itself.
        if connection.connection is not None and not connection.needs_rollback:
            take_role(connection)


def as_owner() -> AbstractContextManager[None]:
    """Let the test's connection be the owner's, within a `with` block."""
    return _as("NONE")


def as_doors() -> AbstractContextManager[None]:
    """Let the test's connection be one of a process of doors, within a `with` block."""
    return _as(DOORS)


def deleted(facts: list[int]) -> None:
    """Delete facts as the owner, which no rule of retention keeps from it."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL healthcode.forgetting = 'on'")
        cursor.execute("DELETE FROM evidence_evidence WHERE id = ANY(%s)", [facts])
        cursor.execute("SET LOCAL healthcode.forgetting = 'off'")


def let_days_pass() -> None:
    """Let the owner's functions forget what is old by a test's own clock, until it ends."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION kept_days(of_table text) RETURNS integer LANGUAGE sql "
            "IMMUTABLE AS 'SELECT -36500'"
        )
