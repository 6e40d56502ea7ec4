"""The database role of doors: it reads and changes only the columns that doors need.

A process of doors logs in as this role. `manage.py migrate` gives the role of DATABASE_DOORS_ROLE
what the records of the tables say (`TableRecord.doors`), and nothing else; decision 0046 says why.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from healthcode.web import database_roles
from healthcode.web.database_roles import FUNCTIONS, TABLES, quoted
from healthcode.web.keeping import records
from healthcode.web.rights import DoorRights

_PAGE: Final = "docs/howto/deploy.md"

# Django's own table has no model, and so no record. `/readyz` compares it with the migrations.
_OTHERS: Final = {"django_migrations": DoorRights(reads=("id", "app", "name", "applied"))}
NOTHING: Final = DoorRights()

# What the login may do with each table, and with which columns.
_LOGIN_MAY: Final = """
SELECT relname, pg_has_role(relowner, 'MEMBER'),
       ARRAY(SELECT may FROM unnest(ARRAY['DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS may
             WHERE has_table_privilege(pg_class.oid, may)),
       has_any_column_privilege(pg_class.oid, 'INSERT'),
       ARRAY(SELECT attname::text FROM pg_attribute
             WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
               AND has_column_privilege(pg_class.oid, attnum, 'SELECT')),
       ARRAY(SELECT attname::text FROM pg_attribute
             WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
               AND has_column_privilege(pg_class.oid, attnum, 'UPDATE'))
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
ORDER BY relname
"""
_LOGIN_CALLS: Final = """
SELECT proname::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prosecdef AND has_function_privilege(oid, 'EXECUTE')
ORDER BY proname
"""
_LOGIN_BECOMES: Final = """
SELECT rolname FROM pg_roles
WHERE rolname <> current_user AND pg_has_role(oid, 'MEMBER') ORDER BY rolname
"""


class _LoginMay(NamedTuple):
    """What a login may do with a table, in the order of the columns of the query."""

    table: str
    owns: bool
    privileges: list[str]
    adds: bool
    reads: list[str]
    changes: list[str]

    def beyond(self, allowed: DoorRights) -> Iterator[str]:
        """Yield in words what it may do beyond what is allowed."""
        for column in sorted(set(self.reads) - set(allowed.reads)):
            yield f"read {self.table}.{column}"
        for column in sorted(set(self.changes) - set(allowed.changes)):
            yield f"change {self.table}.{column}"
        if self.adds and not allowed.adds:
            yield f"add to {self.table}"
        if set(self.privileges) - ({"DELETE"} if allowed.deletes else set()):
            yield f"remove rows of {self.table}"

    def lacks(self, allowed: DoorRights) -> bool:
        """Tell whether something is missing that doors need."""
        return not (
            set(allowed.reads) <= set(self.reads)
            and set(allowed.changes) <= set(self.changes)
            and allowed.adds <= self.adds
            and allowed.deletes <= ("DELETE" in self.privileges)
        )


def rights() -> dict[str, DoorRights]:
    """Return what the role of doors may do, by table; also the tables with which it may nothing."""
    of_records = {record.model._meta.db_table: record.doors or NOTHING for record in records()}
    return of_records | _OTHERS


@transaction.atomic
def grant_rights() -> None:
    """Give the role of doors its rights, and take all others; as the owner, after `migrate`.

    It does nothing without DATABASE_DOORS_ROLE. It may be repeated.

    Raises:
        LookupError: the database has no such role.
    """
    if not settings.DATABASE_DOORS_ROLE:
        return
    role, known = quoted(settings.DATABASE_DOORS_ROLE), rights()
    with connection.cursor() as cursor:
        database_roles.require_role(cursor, settings.DATABASE_DOORS_ROLE, "DATABASE_DOORS_ROLE")
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(TABLES)
        for (table,) in cursor.fetchall():
            cursor.execute(f"REVOKE ALL ON {quoted(table)} FROM {role}")
            for privilege in _privileges(known.get(table, NOTHING)):
                cursor.execute(f"GRANT {privilege} ON {quoted(table)} TO {role}")
        _grant_functions(cursor, role)


def _privileges(allowed: DoorRights) -> Iterator[str]:
    for privilege, columns in (("SELECT", allowed.reads), ("UPDATE", allowed.changes)):
        if columns:
            yield f"{privilege} ({', '.join(map(quoted, columns))})"
    if allowed.adds:
        yield "INSERT"
    if allowed.deletes:
        yield "DELETE"


def _grant_functions(cursor: Any, role: str) -> None:
    calls = _calls()
    cursor.execute(FUNCTIONS)
    for (function,) in cursor.fetchall():
        cursor.execute(f"REVOKE ALL ON FUNCTION {function} FROM {role}")
        if function.partition("(")[0] in calls:
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {role}")


def _calls() -> set[str]:
    return {function for allowed in rights().values() for function in allowed.calls}


def login_faults() -> list[str]:
    """Return why a process of doors must not run with this login; nothing if it may.

    It must not be able to do more than the records say, neither by itself nor by another role. It
    must be able to do what they say.
    """
    known = rights()
    with connection.cursor() as cursor:
        cursor.execute(_LOGIN_BECOMES)
        others = [role for (role,) in cursor.fetchall()]
        cursor.execute(_LOGIN_CALLS)
        called = [function for (function,) in cursor.fetchall() if function not in _calls()]
        cursor.execute(_LOGIN_MAY)
        # A later version may have added tables, and knows what doors may do with them.
        rows = [row for row in map(_LoginMay._make, cursor.fetchall()) if row.table in known]
    too_much = [
        *(f"own {row.table}" for row in rows if row.owns),
        *(words for row in rows for words in row.beyond(known[row.table])),
        *(f"call {function}" for function in called),
        *(f"become {role}" for role in others),
    ]
    if too_much:
        return [
            f"The user of DATABASE_URL could {too_much[0]}, which a process of doors must not: "
            "write the login of the role of doors, and run manage.py migrate with "
            f"DATABASE_DOORS_ROLE, which takes other rights away ({_PAGE})."
        ]
    lacking = [row.table for row in rows if row.lacks(known[row.table])]
    if lacking:
        return [
            f"The user of DATABASE_URL lacks rights on {lacking[0]} that doors need: run manage.py "
            f"migrate with DATABASE_DOORS_ROLE set to that user ({_PAGE})."
        ]
    return []
