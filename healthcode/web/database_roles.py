"""The two database roles: one owns the tables and migrates, the service runs as the other.

The service logs in as the user of DATABASE_URL. This role can neither change nor delete what
officers did (acts) and what is known about people (evidence); decision 0042 says why. `manage.py
migrate` logs in as the user of DATABASE_OWNER_URL. It grants the service's role its rights: those
of each table's `TableRecord`, and those below.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import dj_database_url
from django.conf import settings
from django.db import connection, transaction

from healthcode.web.keeping import records
from healthcode.web.rights import Rights

_PAGE: Final = "docs/howto/deploy.md"
_LOGIN: Final = ("USER", "PASSWORD", "HOST", "PORT")

TABLES: Final = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""
FUNCTIONS: Final = """
SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prosecdef
"""
# What the login may do with each table, and which columns it may change.
_LOGIN_MAY: Final = """
SELECT relname, pg_has_role(relowner, 'MEMBER'),
       ARRAY(SELECT may FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
                                          'TRIGGER']) AS may
             WHERE has_table_privilege(pg_class.oid, may)),
       ARRAY(SELECT attname::text FROM pg_attribute
             WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
               AND has_column_privilege(pg_class.oid, attnum, 'UPDATE')),
       has_schema_privilege('public', 'CREATE')
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
ORDER BY relname
"""


@dataclass(frozen=True, slots=True)
class TableRights:
    """What the service's role may do with a table, and which columns it may change all the same."""

    rights: Rights
    fills: tuple[str, ...] = ()

    def exceeded(self, privileges: Iterable[str], columns: Iterable[str]) -> bool:
        """Tell whether a login with these privileges could do more than only add."""
        if self.rights is Rights.ALL:
            return False
        allowed = self.rights.value.split(", ")
        return not (set(privileges) <= set(allowed) and set(columns) <= set(self.fills))


# Django's own table has no model, and so no record.
_OTHERS: Final = {"django_migrations": TableRights(Rights.READ)}


def log_in_as_owner() -> str:
    """Let this process log in as the owner of the tables from now on; return "" or a fault."""
    if not settings.DATABASE_OWNER_URL:
        return (
            "DATABASE_OWNER_URL is not set: this command needs the login of the role that owns the "
            "tables. Only the container `migrate` has it (docs/howto/deploy.md)."
        )
    theirs: dict[str, Any] = {**dj_database_url.parse(settings.DATABASE_OWNER_URL)}
    ours = settings.DATABASES["default"]
    if theirs["NAME"] != ours["NAME"]:
        return "DATABASE_OWNER_URL names another database than DATABASE_URL: write the same one."
    if theirs["USER"] == settings.SERVICE_ROLE:
        return (
            "DATABASE_OWNER_URL names the same user as DATABASE_URL. The service must not own its "
            "tables: make a second role for it (docs/howto/upgrade.md)."
        )
    if settings.DATABASE_DOORS_ROLE in {theirs["USER"], settings.SERVICE_ROLE}:
        return (
            "DATABASE_DOORS_ROLE names the same user as DATABASE_URL or DATABASE_OWNER_URL. Doors "
            "must not read what the service reads: make a role of their own (docs/howto/deploy.md)."
        )
    _log_in({name: theirs[name] for name in _LOGIN})
    return ""


def log_in_as_service() -> None:
    """Let this process log in as the service again."""
    there: dict[str, Any] = {**dj_database_url.parse(settings.DATABASE_URL)}
    _log_in({name: there[name] for name in _LOGIN})


def _log_in(login: dict[str, Any]) -> None:
    connection.close()
    # The connections of all threads share this dictionary.
    settings.DATABASES["default"].update(login)


def rights() -> dict[str, TableRights]:
    """Return what the service's role may do, by table. A table without a record it cannot see."""
    of_records = {
        record.model._meta.db_table: TableRights(record.rights, record.fills)
        for record in records()
    }
    return of_records | _OTHERS


@transaction.atomic
def grant_rights() -> None:
    """Give the service's role its rights, and take all others; as the owner, after `migrate`.

    It may be repeated. Others see the rights change at one moment.

    Raises:
        LookupError: the database has no such role.
    """
    role = quoted(settings.SERVICE_ROLE)
    with connection.cursor() as cursor:
        require_role(cursor, settings.SERVICE_ROLE, "DATABASE_URL")
        cursor.execute(_kept_days())
        cursor.execute(TABLES)
        known = rights()
        for (table,) in cursor.fetchall():
            cursor.execute(f"REVOKE ALL ON {quoted(table)} FROM {role}")
            if table not in known:
                continue
            cursor.execute(f"GRANT {known[table].rights.value} ON {quoted(table)} TO {role}")
            for column in known[table].fills:
                cursor.execute(f"GRANT UPDATE ({quoted(column)}) ON {quoted(table)} TO {role}")
        cursor.execute(
            f"GRANT USAGE ON SCHEMA public TO {role};"
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"
        )
        cursor.execute(FUNCTIONS)
        for (function,) in cursor.fetchall():
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {role}")
        _grant_temporary(cursor, role)


def require_role(cursor: Any, role: str, setting: str) -> None:
    """Raise LookupError when the database has no role of this name, which a setting has."""
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
    if cursor.fetchone() is None:
        raise LookupError(
            f"The database has no role {role}, which {setting} names: make it as "
            "docs/howto/upgrade.md says, and run manage.py migrate again."
        )


def login_faults() -> list[str]:
    """Return why the service must not run with this login; nothing if it may.

    The service must not own its tables, nor be able to become who owns them, nor change what is
    only added to, nor put functions of its own beside the owner's.
    """
    known = rights()
    with connection.cursor() as cursor:
        cursor.execute(_LOGIN_MAY)
        rows = cursor.fetchall()
    owned = [table for table, is_owner, *_ in rows if is_owner]
    changed = [
        table
        for table, _, privileges, columns, _ in rows
        if table in known and known[table].exceeded(privileges, columns)
    ]
    if owned:
        return [
            f"The user of DATABASE_URL owns the table {owned[0]}, or can become its owner, so it "
            f"could change what officers did: write the login of the service's own role ({_PAGE})."
        ]
    if changed:
        return [
            f"The user of DATABASE_URL could change rows of {changed[0]}, which are only added to: "
            f"run manage.py migrate, which takes that right away ({_PAGE})."
        ]
    if any(may_create for *_, may_create in rows):
        return [
            "The user of DATABASE_URL could make objects in the schema public: run REVOKE CREATE "
            f"ON SCHEMA public FROM PUBLIC as the owner of the database ({_PAGE})."
        ]
    return []


def _kept_days() -> str:
    """Return the statement that tells the owner's functions how long tables keep their rows."""
    days = {record.model._meta.db_table: record.days for record in records() if record.days}
    cases = " ".join(
        f"WHEN '{table}' THEN {getattr(settings, name):d}" for table, name in sorted(days.items())
    )
    return (
        "CREATE OR REPLACE FUNCTION kept_days(of_table text) RETURNS integer LANGUAGE sql IMMUTABLE"
        f" SET search_path = pg_catalog, pg_temp AS $$ SELECT CASE of_table {cases} END $$"
    )


def _grant_temporary(cursor: Any, role: str) -> None:
    """Let the role make temporary tables, unless it may already, as everybody may by default."""
    cursor.execute(
        "SELECT current_database(), has_database_privilege(%s, current_database(), 'TEMPORARY')",
        [settings.SERVICE_ROLE],
    )
    database, may = cursor.fetchone()
    if not may:
        cursor.execute(f"GRANT TEMPORARY ON DATABASE {quoted(database)} TO {role}")


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return connection.ops.quote_name(name)
