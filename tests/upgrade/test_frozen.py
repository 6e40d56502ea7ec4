"""From 1.0.0 on, the first migrations never change, and a file records the catalog."""

import gzip
import re
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from healthcode.web import catalog
from healthcode.web.calls import AtWork, CallKind, at
from tests.owner import as_owner
from tests.upgrade.make import DUMP, FROZEN, digests

OURS = ("accounts", "healthcode", "verifier")
NOT_ATOMIC: dict[str, str] = {
    "accounts.0014_proofs_are_consistent": "everybody has a guardianship, and keeps registering",
    "accounts.0018_proofs_of_guardians": "everybody has a guardianship, and keeps registering",
    "accounts.0004_grants_by_who_granted_them": "every resident has a grant, and keeps logging in",
    "evidence.0005_facts_of_a_report": "sources keep reporting while the index is made",
    "evidence.0007_find_ends_by_report": "sources keep reporting while the index is made",
}
"""Migrations outside a transaction, where `migrate` sets no limits, and why they may be so."""
EMPTY = {
    "auth_group": "roles are grants of our own",
    "auth_group_permissions": "roles are grants of our own",
    "verifier_trustlist": "a list is kept where TRUST_LIST names an alliance's",
}
"""Tables without rows in the state of 1.0.0, and why that is right."""
MOST_BYTES = 300_000


def test_no_migration_of_1_0_0_was_edited() -> None:
    """A table changes by a migration of its own (CONTRIBUTING.md, "To change a table")."""
    frozen = dict(reversed(line.split("  ")) for line in FROZEN.read_text().splitlines())
    assert len(frozen) > 5
    now = digests()
    assert {path for path, digest in frozen.items() if now.get(path) != digest} == set()


def test_the_state_of_1_0_0_has_some_of_everything() -> None:
    """The test of upgrading tests only what the state contains."""
    packed = DUMP.read_bytes()
    rows = rows_of(gzip.decompress(packed).decode())
    assert len(rows) > 30
    assert {table for table, count in rows.items() if not count} == set(EMPTY)
    assert len(packed) < MOST_BYTES


def rows_of(sql: str) -> Counter[str]:
    """Return how many rows each table has in a dump; a partition counts for the whole table."""
    attached = r"ALTER TABLE ONLY public\.(\w+) ATTACH PARTITION public\.(\w+)"
    whole = {part: table for table, part in re.findall(attached, sql)}
    rows: Counter[str] = Counter()
    for name, lines in re.findall(r"^COPY public\.(\w+) [^\n]*\n(.*?)^\\\.$", sql, re.M | re.S):
        rows[whole.get(name, name)] += lines.count("\n")
    return rows


@pytest.mark.django_db
def test_the_catalog_that_is_written_down_is_that_of_an_empty_database() -> None:
    """If this fails, run `make schema`."""
    assert catalog.FILE.read_text().splitlines() == catalog.lines()
    assert catalog.schema_state() == "ok"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ("ALTER TABLE accounts_token RENAME label TO name", "column accounts_token.label"),
        ("ALTER TABLE accounts_token ALTER label TYPE text", "column accounts_token.label char"),
        ("ALTER TABLE accounts_token ALTER label DROP NOT NULL", "column accounts_token.label"),
        ("DROP TABLE accounts_secretmark", "table accounts_secretmark"),
        ("ALTER TABLE accounts_grant DROP CONSTRAINT grant_once", "constraint accounts_grant.gr"),
        ("DROP INDEX accounts_identity_phone_index_33c13c6d", "index CREATE INDEX accounts_id"),
    ],
)
def test_what_is_missing_is_told(change: str, lacks: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        if "INDEX" in change:
            cursor.execute("SELECT indexname FROM pg_indexes WHERE indexdef LIKE %s", [_PHONE])
            change = f"DROP INDEX {cursor.fetchone()[0]}"
        cursor.execute(change)
    assert any(line.startswith(lacks) for line in catalog.missing())
    assert catalog.schema_state().startswith("missing: ")


_PHONE = "%accounts_identity USING btree (phone_index)"


@pytest.mark.django_db
def test_what_the_next_version_adds_is_no_fault() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_token ADD colour text; CREATE TABLE later (id int)")
    assert catalog.schema_state() == "ok"


def test_a_long_list_is_cut() -> None:
    gaps = [f"column t.c{number} integer not null" for number in range(5)]
    assert catalog.told(gaps) == (
        "missing: column t.c0 integer, column t.c1 integer, column t.c2 integer and 2 more"
    )


def test_every_migration_runs_within_limits() -> None:
    """`manage.py migrate` is our own command, which limits what runs in a transaction."""
    assert get_commands()["migrate"] == "healthcode.web"
    loader = MigrationLoader(None)
    ours = {
        f"{app}.{name}": migration
        for (app, name), migration in loader.disk_migrations.items()
        if type(migration).__module__.split(".")[0] in OURS
    }
    assert len(ours) > 5
    assert {name for name, migration in ours.items() if not migration.atomic} == set(NOT_ATOMIC)


@pytest.mark.django_db(transaction=True)
def test_the_limits_hold_for_a_migrations_transaction_and_no_longer() -> None:
    with at(AtWork(CallKind.MIGRATION)), transaction.atomic():
        assert (shown("lock_timeout"), shown("statement_timeout")) == ("5s", "1h")
    assert shown("lock_timeout") != "5s"
    assert shown("statement_timeout") != "1h"


@pytest.mark.django_db(transaction=True)
def test_a_migration_without_a_transaction_may_make_an_index_concurrently() -> None:
    with as_owner(), at(AtWork(CallKind.MIGRATION)), connection.cursor() as cursor:
        cursor.execute("CREATE INDEX CONCURRENTLY short_lived ON accounts_grant (area)")
        cursor.execute("DROP INDEX CONCURRENTLY short_lived")


def shown(setting: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {setting}")
        return str(cursor.fetchone()[0])


def test_the_changelog_tells_of_this_version() -> None:
    from healthcode import __version__

    changes = (Path(__file__).parents[2] / "CHANGELOG.md").read_text()
    assert f"## [{__version__}] - " in changes
    assert "### To do" in changes
