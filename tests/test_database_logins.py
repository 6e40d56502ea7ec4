"""Which database logins a process may start with, and what `manage.py migrate` grants."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from healthcode.tools.run.postgres import DOORS, OWNER, SERVICE
from healthcode.web import doors_role
from healthcode.web.database_roles import login_faults, rights
from healthcode.web.keeping import records
from healthcode.web.rights import DoorRights, Rights
from tests.owner import as_doors, as_owner
from tests.test_starting import owners_url, start


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
    for role in (OWNER, SERVICE):
        status, said = start("migrate", tmp_path, {"DATABASE_DOORS_ROLE": role})
        assert status == 1
        assert said.startswith("DATABASE_DOORS_ROLE names the same user as DATABASE_URL or"), said


def test_migrate_says_that_the_role_of_doors_is_missing(
    transactional_db: None, tmp_path: Path
) -> None:
    status, said = start("migrate", tmp_path, {"DATABASE_DOORS_ROLE": "nobody_yet"})
    assert status == 1
    assert "has no role nobody_yet, which DATABASE_DOORS_ROLE names: make it as docs/howto" in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ("GRANT SELECT ON accounts_identity TO {}", "read accounts_identity.id_type"),
        ("GRANT SELECT (phone_sealed) ON accounts_account TO {}", "accounts_account.phone_sealed"),
        ("GRANT UPDATE (revoked_at) ON verifier_device TO {}", "change verifier_device.revoked_at"),
        ("GRANT INSERT (account_id) ON accounts_token TO {}", "could add to accounts_token"),
        ("GRANT DELETE ON accounts_act TO {}", "could remove rows of accounts_act"),
        ("GRANT TRUNCATE ON verifier_scan TO {}", "could remove rows of verifier_scan"),
        ("GRANT EXECUTE ON FUNCTION forget_evidence TO {}", "could call forget_evidence"),
        ("REVOKE SELECT (yellow) ON verifier_venue FROM {}", "lacks rights on verifier_venue"),
        ("REVOKE INSERT ON verifier_scan FROM {}", "lacks rights on verifier_scan"),
    ],
)
def test_migrate_gives_doors_what_the_records_say(changed: str, sentence: str) -> None:
    with as_doors():
        assert doors_role.login_faults() == []
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(changed.format(DOORS))
    with as_doors():
        (fault,) = doors_role.login_faults()
    assert sentence in fault
    with as_owner():
        doors_role.grant_rights()
    with as_doors():
        assert doors_role.login_faults() == []


@pytest.mark.django_db
def test_the_login_of_the_service_is_none_for_doors() -> None:
    """Nor that of the owner."""
    (fault,) = doors_role.login_faults()
    assert "which a process of doors must not: write the login of the role of doors" in fault
    with as_owner():
        (fault,) = doors_role.login_faults()
    assert "could own " in fault


def test_what_doors_may_is_there() -> None:
    """Each column that a record names is one of its table."""
    for record in records():
        may = record.doors or DoorRights()
        columns = {field.column for field in record.model._meta.concrete_fields}
        assert {*may.reads, *may.changes} <= columns, record.model


def test_what_is_only_added_to_is_what_the_design_says() -> None:
    kept = {table for table, may in rights().items() if may.rights is Rights.ADD}
    assert kept >= {"accounts_act", "accounts_actarea", "evidence_evidence", "acts_logleaf"}
    assert "evidence_sourcebatch" in kept
