"""One list has all advisory locks, and nothing else takes one."""

from pathlib import Path

import pytest
from django.db import connection, transaction

from healthcode.tracing.partitions import PRESENCES
from healthcode.web.advisory_locks import OF_A_SUBJECT, OF_A_TABLE, AdvisoryLock
from verifier.doors.partitions import SCANS

ROOT = Path(__file__).parents[2]


def test_numbers_never_change() -> None:
    """Two versions of the service that run at the same time must wait for each other."""
    assert {lock.name: int(lock).to_bytes(4, "big") for lock in AdvisoryLock} == {
        "LEVELS": b"leve",
        "COLOURS": b"hcol",
        "STATUS_LISTS": b"STLS",
        "LOG": b"logs",
        "FIRST_ADMINISTRATOR": b"admi",
    }


@pytest.mark.django_db
def test_tables_have_other_numbers() -> None:
    tables = [table.name for table in (PRESENCES, SCANS)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT hashtext(name) FROM unnest(%s) AS given (name)", [tables])
        numbers = {number for (number,) in cursor.fetchall()} | set(map(int, AdvisoryLock))
    assert len(numbers) == len(tables) + len(AdvisoryLock)


def test_no_other_module_names_one() -> None:
    naming = {
        path.relative_to(ROOT).as_posix()
        for room in ("healthcode", "accounts", "verifier")
        for suffix in ("py", "sql")
        for path in (ROOT / room).rglob(f"*.{suffix}")
        if "pg_advisory" in path.read_text("utf-8").lower()
        or "pg_try_advisory" in path.read_text("utf-8").lower()
    }
    # A function of the owner takes the lock of a table itself, by the same call.
    partitions = "healthcode/web/migrations/0001_partitions_of_the_owner.py"
    assert naming == {"healthcode/web/advisory_locks.py", partitions}
    assert OF_A_TABLE % "of_table" in (ROOT / partitions).read_text("utf-8")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("call", "values", "mode"),
    [
        *((lock.alone, [], "ExclusiveLock") for lock in AdvisoryLock),
        *((lock.tried, [], "ExclusiveLock") for lock in AdvisoryLock),
        *((lock.shared, [], "ShareLock") for lock in AdvisoryLock),
        (OF_A_TABLE, ["verifier_scan"], "ExclusiveLock"),
        (OF_A_SUBJECT, [-(1 << 63)], "ExclusiveLock"),
    ],
)
def test_each_is_taken_to_the_end_of_the_transaction(
    call: str, values: list[object], mode: str
) -> None:
    def held() -> list[str]:
        cursor.execute(
            "SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        return [mode for (mode,) in cursor.fetchall()]

    with connection.cursor() as cursor:
        with transaction.atomic():
            cursor.execute(f"SELECT {call}", values)
            assert held() == [mode]
            transaction.set_rollback(True)
        assert held() == []
