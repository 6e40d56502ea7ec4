"""Somebody has broken into a process: what its database login can read and change.

The statements run in psql, logged in as the process is, on rows that are committed.
"""

import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg2
import psycopg2.errors
import pytest
from django.db import connection
from django.utils import timezone
from psycopg2 import sql

from healthcode.acts.log import keys
from healthcode.acts.log.entries import append_older_acts
from healthcode.acts.models import Act, LogLeaf
from healthcode.evidence.forgetting import append_notes
from healthcode.evidence.models import Evidence, EvidenceKind, Forgotten, HeldLine, SourceBatch
from healthcode.officers.withdrawals.services import withdraw_evidence
from healthcode.tools.run.postgres import DOORS, OWNER, SERVICE, _programs
from healthcode.web import doors_role
from healthcode.web.rights import Rights
from tests import compose
from tests.acts import GROUND, act_of
from tests.acts.log import append_batches, extend
from tests.audit.conftest import policy
from tests.audit.history import History, erased, findings
from tests.colours import world
from tests.owner import as_doors, as_owner
from tests.test_starting import database_url, owners_url

__all__ = ["policy"]

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
    "DELETE FROM acts_logleaf; DELETE FROM accounts_actarea; DELETE FROM colours_recomputation;"
    " UPDATE evidence_evidence SET withdrawn_by_id = NULL;"
    " DELETE FROM accounts_act WHERE kind = 'evidence-withdrawn'",
    "DELETE FROM evidence_evidence",
    "SET healthcode.forgetting = 'on'; DELETE FROM evidence_evidence",
    "UPDATE acts_logleaf SET entry = 'x'",
    "UPDATE acts_logleaf SET position = 0 WHERE id = (SELECT min(id) FROM acts_logleaf);"
    " UPDATE acts_logleaf SET position = NULL",
    "DELETE FROM acts_logleaf",
    "UPDATE acts_logtile SET root = sha256('x')",
    "UPDATE acts_logcheckpoint SET size = 1",
    "TRUNCATE accounts_act CASCADE",
    "TRUNCATE evidence_evidence CASCADE",
    "UPDATE evidence_sourcebatch SET refused = 7",
    "DELETE FROM evidence_heldline; DELETE FROM evidence_forgottenlines;"
    " DELETE FROM evidence_sourcebatch",
    "UPDATE evidence_heldline SET traits = '{}'",
    "INSERT INTO evidence_forgotten (cause, facts, day, at, salt)"
    " VALUES ('erasure', 1, current_date, now(), '')",
    "DELETE FROM evidence_forgottenlines",
)
"""What the owner can do once it has turned the triggers off."""
FOUND: Final = (
    *("act-edited", "act-edited", "fact-edited", "withdrawal-edited", "leaf-missing"),
    *("fact-missing", "fact-missing", "leaf-edited", "leaf-missing", "leaf-missing"),
    *("tile-wrong", "checkpoint-wrong", "checkpoint-wrong", "fact-missing", "report-edited"),
    *("report-missing", "held-edited", "", "note-edited"),
)
"""What the next audit finds of each; an added note is no finding, but a leaf of the log."""
PROTECTED: Final = (
    *("accounts_act", "accounts_actarea", "acts_logleaf", "acts_logtile", "acts_logcheckpoint"),
    *("evidence_evidence", "evidence_heldline"),
)
"""The tables whose triggers the owner turns off."""
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
    off = "".join(f"ALTER TABLE {table} DISABLE TRIGGER USER; " for table in PROTECTED)
    for statement in EDITS:
        status, said = psql(owners_url(), off + statement)
        assert status == 0, (statement, said)


@pytest.fixture
def city(policy: object) -> Mapping[str, int]:
    """Record one row of everything that the edits change; return the number that names each."""
    keys.make_keys(at=timezone.now())
    append_batches(256, at=timezone.now())
    history = History()
    history.cases([0, 1, 2])
    fact, other = Evidence.objects.order_by("pk")
    erased(history, fact.person_id)
    withdraw_evidence(
        account=history.officer, evidence_id=other.pk, ground=GROUND, at=timezone.now()
    )
    append_notes()
    append_older_acts()
    extend(at=timezone.now())
    report = SourceBatch.objects.get().pk
    act = Act.objects.get(kind="evidence-withdrawn").pk
    return {
        "act-edited": act,
        "leaf-edited": 0,
        "leaf-missing": 0,
        "fact-edited": other.pk,
        "withdrawal-edited": other.pk,
        "fact-missing": report,
        "report-edited": report,
        "report-missing": report,
        "tile-wrong": 0,
        "held-edited": HeldLine.objects.get().pk,
        "note-edited": Forgotten.objects.get().pk,
    }


@pytest.mark.django_db
@pytest.mark.parametrize(("statement", "kind"), list(zip(EDITS, FOUND, strict=True)))
def test_the_next_audit_says_which_row_the_owner_edited(
    city: Mapping[str, int], statement: str, kind: str
) -> None:
    assert findings() == set()
    with as_owner(), connection.cursor() as cursor:
        # PostgreSQL alters no table whose foreign keys are still to be checked.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in PROTECTED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
    found = {(of_kind, number) for of_kind, number, _line in findings()}
    if kind == "checkpoint-wrong":
        assert kind in {of_kind for of_kind, _number in found}
    elif kind:
        assert (kind, city[kind]) in found
    else:
        newest = Forgotten.objects.latest("pk").pk
        assert LogLeaf.objects.filter(kind="facts-forgotten", number=newest).exists()


@pytest.mark.django_db
def test_the_page_lists_what_each_process_may_do() -> None:
    """If this fails, correct docs/reference/database-roles.md or the rights of a table's record."""
    text = PAGE.read_text("utf-8")
    for role, title in ((SERVICE, "service"),):
        assert lines_of(text, title) == granted(role)


@pytest.mark.django_db
def test_the_page_lists_what_doors_may_do() -> None:
    """If this fails, correct docs/reference/database-roles.md or `doors` of a table's record."""
    section = PAGE.read_text("utf-8").split("## The role of doors\n")[1].split("\n## ")[0]
    told = {
        table: (*(set(re.findall(r"`(\w+)`", cell)) for cell in cells[:2]), *cells[2:])
        for table, *cells in re.findall(
            r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \| (\w*) ?\| (\w*) ?\|$", section, re.M
        )
    }
    with as_doors(), connection.cursor() as cursor:
        cursor.execute(doors_role._LOGIN_MAY)
        found = {
            table: (
                set(reads),
                set(changes),
                "yes" if adds else "",
                "yes" if privileges == ["DELETE"] else ", ".join(privileges),
            )
            for table, _, privileges, adds, reads, changes in cursor.fetchall()
        }
        cursor.execute(doors_role._LOGIN_CALLS)
        assert cursor.fetchall() == [("issue_partner_token",)]
    assert told == {table: may for table, may in found.items() if any(may)}


LOGINS: Final = {OWNER: "owner", SERVICE: "service", DOORS: "doors"}


def test_the_page_lists_what_each_process_holds() -> None:
    """If this fails, correct the page or compose.yaml."""
    section = PAGE.read_text("utf-8").split("## What each process holds\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|$", section, re.M)
    told = {name: (logins, set(re.findall(r"`(\w+)`", held))) for name, logins, held in rows}
    found = {}
    for name in compose.OURS:
        given = compose.containers()[name]["environment"]
        logins = [LOGINS[user] for user in re.findall(r"//(\w+):[^@]*@postgres", str(given))]
        found[name] = (", ".join(logins), set(compose.SECRETS) & set(given))
    assert told == found


@pytest.mark.parametrize("container", ["web", "worker", "beat", "witness", "doors"])
def test_whoever_breaks_in_reads_what_the_page_says(rows: None, container: str) -> None:
    """Log in as the container does, and try to read every column of every table."""
    port = int(connection.settings_dict["PORT"])
    password = os.environ["POSTGRES_PASSWORD"]
    others = {f"POSTGRES_{role}_PASSWORD": password for role in ("SERVICE", "DOORS")}
    dotenv = {**os.environ, "ALLOWED_HOSTS": "*", **others}
    given = compose.environment_of(container, dotenv, postgres=port)["DATABASE_URL"]
    read, refused = columns_read(database_url(login=given))
    if container == "doors":
        may = {table: set(allowed.reads) for table, allowed in doors_role.rights().items()}
        assert read == {table: columns for table, columns in may.items() if columns}
        assert {"accounts_identity", "evidence_evidence", "colours_personcolour"} <= set(refused)
        assert refused["accounts_account"] >= {"phone_index", "phone_sealed", "password"}
    else:
        assert refused == {}
        assert set(read) >= {"accounts_identity", "evidence_evidence", "colours_personcolour"}


def columns_read(url: str) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the columns that this login reads, and those that it is refused, by table."""
    read: dict[str, set[str]] = defaultdict(set)
    refused: dict[str, set[str]] = defaultdict(set)
    with closing(psycopg2.connect(url)) as server, server.cursor() as cursor:
        server.autocommit = True
        cursor.execute(COLUMNS)
        for table, column in cursor.fetchall():
            try:
                one = sql.SQL("SELECT {} FROM {} LIMIT 1")
                cursor.execute(one.format(sql.Identifier(column), sql.Identifier(table)))
            except psycopg2.errors.InsufficientPrivilege:
                refused[table].add(column)
            else:
                read[table].add(column)
    return dict(read), dict(refused)


COLUMNS: Final = """
SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
  AND attnum > 0 AND NOT attisdropped
"""


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
