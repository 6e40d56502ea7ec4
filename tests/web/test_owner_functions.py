"""The owner's functions for partitions refuse what their rule does not allow."""

from datetime import date, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from healthcode.web.days import day_of
from healthcode.web.partitions import DailyTable

pytestmark = [pytest.mark.clock, pytest.mark.django_db]

SCANS = DailyTable("verifier_scan")
KEPT = 28
OLD = date(2020, 2, 9)


def call(function: str, table: str, day: date) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [table, day])


@pytest.mark.parametrize("table", ["evidence_evidence", "accounts_act", "nothing", 'x"; --'])
@pytest.mark.parametrize("function", ["make_partition", "drop_partition"])
def test_other_tables_have_no_partitions(function: str, table: str) -> None:
    with pytest.raises(ProgrammingError, match="has no partitions by day"):
        call(function, table, OLD)


def test_a_partition_is_dropped_only_after_its_time() -> None:
    today = day_of(timezone.now())
    oldest = today - timedelta(days=KEPT)
    for day in (oldest - timedelta(days=1), oldest):
        call("make_partition", "verifier_scan", day)
    with pytest.raises(ProgrammingError, match=f"verifier_scan keeps its rows of {oldest}"):
        call("drop_partition", "verifier_scan", oldest)
    call("drop_partition", "verifier_scan", oldest - timedelta(days=1))
    assert oldest in SCANS.days()
    assert oldest - timedelta(days=1) not in SCANS.days()
