"""Somebody has broken into a process: what its database login can read and change.

The statements run in psql, logged in as the process is, on rows that are committed.
"""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest
from django.db import connection
from django.utils import timezone

from healthcode.acts.models import Act
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.tools.run.postgres import SERVICE, _programs
from healthcode.web.database_roles import login_faults, rights
from healthcode.web.rights import Rights
from tests.acts import act_of
from tests.colours import world
from tests.owner import as_owner
from tests.test_starting import database_url, owners_url, start

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "database-roles.md"
TABLES: Final = """
SELECT relname,
       concat_ws(', ',
           CASE WHEN has_table_privilege(%(role)s, oid, 'SELECT') THEN 'SELECT' END,
           CASE WHEN has_table_privilege(%(role)s, oid, 'INSERT') THEN 'INSERT' END,
           CASE WHEN has_table_privilege(%(role)s, oid, 'UPDATE') THEN 'UPDATE' END,
           CASE WHEN has_table_privilege(%(role)s, oid, 'DELETE') THEN 'DELETE' END,
           CASE WHEN has_table_privilege(%(role)s, oid, 'TRUNCATE, REFERENCES, TRIGGER')
                THEN 'more' END)
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""
EDITS: Final = (
    "UPDATE accounts_act SET ground = 'another'",
    "UPDATE accounts_actarea SET people = 7",
    "UPDATE evidence_evidence SET traits = '{}'",
    "UPDATE evidence_evidence SET withdrawn_by_id = NULL",
    "DELETE FROM acts_logleaf; DELETE FROM accounts_actarea;"
    " DELETE FROM accounts_act WHERE kind = 'evidence-withdrawn'",
    "DELETE FROM evidence_evidence",
    "SET healthcode.forgetting = 'on'; DELETE FROM evidence_evidence",
    "UPDATE acts_logleaf SET entry = 'x'",
    "UPDATE acts_logleaf SET position = 0; UPDATE acts_logleaf SET position = NULL",
    "DELETE FROM acts_logleaf",
    "UPDATE acts_logtile SET root = 'x'",
    "UPDATE acts_logcheckpoint SET size = 1",
    "TRUNCATE accounts_act CASCADE",
    "TRUNCATE evidence_evidence CASCADE",
    "INSERT INTO evidence_forgotten (cause, facts, at) VALUES ('retention', 1, now())",
)
"""What the owner can do once it has turned the triggers off."""
WAYS_ROUND: Final = (
    "DELETE FROM accounts_act",
    "ALTER TABLE accounts_act DISABLE TRIGGER ALL",
    "ALTER TABLE evidence_evidence DISABLE TRIGGER USER",
    "DROP TRIGGER act_is_kept ON accounts_act",
    "CREATE TRIGGER mine BEFORE INSERT ON evidence_evidence FOR EACH ROW"
    " EXECUTE FUNCTION evidence_is_kept()",
    "CREATE OR REPLACE FUNCTION kept_days(of_table text) RETURNS integer LANGUAGE sql IMMUTABLE"
    " AS 'SELECT -1'",
    "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'",
    "CREATE RULE mine AS ON INSERT TO accounts_act DO INSTEAD NOTHING",
    "SET ROLE healthcode",
    "SET SESSION AUTHORIZATION healthcode",
    "SET session_replication_role = replica",
    "GRANT UPDATE ON accounts_act TO CURRENT_USER; UPDATE accounts_act SET ground = 'another'",
    "SELECT forget_evidence(ARRAY(SELECT id FROM evidence_evidence), 'retention')",
    "SELECT drop_partition('verifier_scan', current_date)",
    "COPY accounts_act FROM PROGRAM 'echo'",
)


REFUSED: Final = "permission denied|must be owner|must be superuser|may not|keeps|kept for good"


def psql(url: str, statement: str) -> tuple[int, str]:
    """Run a statement, in a transaction that is rolled back; return the status and the output."""
    command = [str(_programs() / "psql"), "--no-psqlrc", "--set=ON_ERROR_STOP=1", url]
    script = f"BEGIN; {statement}; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK;"
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def rows(transactional_db: None) -> None:
    """An act of an officer and a fact about somebody, received just now."""
    world.publish()
    (person,) = world.people(1)
    fact = world.fact(person, EvidenceKind.TEST, world.LONG_AGO, world.LONG_AGO, "negative")
    act_of(fact.source, at=timezone.now())
    assert Act.objects.exists()


def test_the_service_changes_neither_acts_nor_facts(rows: None) -> None:
    for statement in (*EDITS, *WAYS_ROUND):
        status, said = psql(database_url(), statement)
        assert status != 0, statement
        assert re.search(REFUSED, said), (
            statement,
            said,
        )
    assert psql(database_url(), "CREATE TEMPORARY TABLE mine AS SELECT 1")[0] == 0
    assert Evidence.objects.exists()


def test_the_owner_does_as_it_likes(rows: None) -> None:
    """So the owner's login is given to `manage.py migrate` alone, and the audit looks for edits."""
    off = "".join(
        f"ALTER TABLE {table} DISABLE TRIGGER USER; "
        for table in ("accounts_act", "accounts_actarea", "acts_logleaf", "evidence_evidence")
    )
    for statement in EDITS:
        status, said = psql(owners_url(), off + statement)
        assert status == 0, (statement, said)


@pytest.mark.django_db
def test_the_page_lists_what_each_process_may_do() -> None:
    """If this fails, correct docs/reference/database-roles.md or the rights of a table's record."""
    text = PAGE.read_text("utf-8")
    for role, title in ((SERVICE, "service"),):
        assert lines_of(text, title) == granted(role)


def lines_of(text: str, title: str) -> dict[str, set[str]]:
    """Return the tables of a section, by what may be done with them; "" for all others."""
    section = text.split(f"## The role of the {title}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| ([a-z, ]*) \| ([^|]*) \|$", section, re.M)[1:]
    return {may: set(re.findall(r"`(\w+)`", tables)) for may, tables in cells}


def granted(role: str) -> dict[str, set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES, {"role": role})
        found: dict[str, set[str]] = {}
        for table, may in cursor.fetchall():
            found.setdefault(WORDS[may], set()).add(table)
    # All other tables are not named.
    found[WORDS[Rights.ALL.value]] = set()
    return found


WORDS: Final = {
    Rights.ALL.value: "read, add, change, delete",
    Rights.ADD_AND_DELETE.value: "read, add, delete",
    Rights.ADD.value: "read, add",
    Rights.READ.value: "read",
    "": "nothing",
}


@pytest.mark.parametrize("process", ["web", "worker", "beat", "command"])
def test_no_process_starts_as_the_owner(
    transactional_db: None, process: str, tmp_path: Path
) -> None:
    status, said = start(process, tmp_path, {"DATABASE_URL": owners_url()})
    assert status == 1, said
    assert "The user of DATABASE_URL owns the table " in said
    assert "Traceback" not in said


@pytest.mark.parametrize("process", ["web", "worker", "beat"])
def test_no_process_that_stays_knows_the_owners_login(process: str, tmp_path: Path) -> None:
    status, said = start(process, tmp_path, {"DATABASE_OWNER_URL": "postgresql://o:p@h/n"})
    assert status == 1, said
    assert "DATABASE_OWNER_URL is set: a process that stays must not know" in said
    assert "Traceback" not in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    "granted",
    ["UPDATE ON accounts_act", "UPDATE (ground) ON accounts_act", "TRUNCATE ON evidence_evidence"],
)
def test_a_right_too_many_is_found_and_taken_away(granted: str) -> None:
    from django.core.management import call_command

    assert login_faults() == []
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"GRANT {granted} TO {SERVICE}")
    (fault,) = login_faults()
    assert f"could change rows of {granted.split()[-1]}, which are only added to" in fault
    with as_owner():
        call_command("migrate", verbosity=0)
    assert login_faults() == []


@pytest.mark.django_db
def test_who_may_make_objects_beside_the_owners_does_not_start() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"GRANT CREATE ON SCHEMA public TO {SERVICE}")
    (fault,) = login_faults()
    assert "could make objects in the schema public" in fault


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"DATABASE_OWNER_URL": ""}, "DATABASE_OWNER_URL is not set: this command needs"),
        (
            {"DATABASE_OWNER_URL": "postgresql://o:p@h/another"},
            "DATABASE_OWNER_URL names another database than DATABASE_URL",
        ),
    ],
)
def test_migrate_needs_the_owners_login(
    tmp_path: Path, changes: dict[str, str], sentence: str
) -> None:
    status, said = start("migrate", tmp_path, changes)
    assert (status, said[: len(sentence)]) == (1, sentence)


def test_migrate_refuses_one_role_for_both(transactional_db: None, tmp_path: Path) -> None:
    status, said = start("migrate", tmp_path, {"DATABASE_URL": owners_url()})
    assert status == 1
    assert said.startswith("DATABASE_OWNER_URL names the same user as DATABASE_URL."), said


def test_what_is_only_added_to_is_what_the_design_says() -> None:
    kept = {table for table, may in rights().items() if may.rights is Rights.ADD}
    assert kept >= {"accounts_act", "accounts_actarea", "evidence_evidence", "acts_logleaf"}
