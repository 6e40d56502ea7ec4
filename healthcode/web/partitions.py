"""Tables with one partition for each day in Shanghai, which is dropped when the day is too old.

Rows of a day without a partition go to the default partition, so no row is lost. They move when
their day gets a partition.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db import connection, transaction

from healthcode.web.advisory_locks import OF_A_TABLE

LOCK_TIMEOUT: Final = "3s"
"""Making or dropping a partition blocks writers, so it gives up after this time."""


@dataclass(frozen=True, slots=True)
class DailyTable:
    """A table partitioned by its column `day`, with a default partition `<name>_default`.

    Partitions are named like `<name>_20200303`. `name` is a constant of the program, never input.
    """

    name: str

    def maintain(self, days: Iterable[date], *, oldest: date) -> None:
        """Make the missing partitions of `days`, and delete everything before `oldest`."""
        present = self.days()
        for day in days:
            if day not in present:
                self._create(day)
        for day in sorted(present):
            if day < oldest:
                self._drop(day)
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {self.name}_default WHERE day < %s", [oldest])  # noqa: S608 - a name of the program's

    def days(self) -> frozenset[date]:
        """Return the days that have a partition of their own."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
                [self.name],
            )
            names = [
                re.fullmatch(rf"{self.name}_([0-9]{{4}})([0-9]{{2}})([0-9]{{2}})", name)
                for (name,) in cursor.fetchall()
            ]
        return frozenset(date(*map(int, name.groups())) for name in names if name)

    def _create(self, day: date) -> None:
        """Attach a partition for `day`, with the rows of that day from the default partition."""
        part = f"{self.name}_{day:%Y%m%d}"
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            # Of two processes the first makes the partition, and the second then finds it.
            cursor.execute(f"SELECT {OF_A_TABLE}", [self.name])
            if day in self.days():
                return
            cursor.execute(f"LOCK TABLE {self.name}_default IN ACCESS EXCLUSIVE MODE")
            cursor.execute(f"CREATE TABLE {part} (LIKE {self.name} INCLUDING ALL)")
            cursor.execute(
                f"WITH moved AS (DELETE FROM {self.name}_default WHERE day = %s RETURNING *)"  # noqa: S608 - as above
                f" INSERT INTO {part} SELECT * FROM moved",
                [day],
            )
            cursor.execute(
                f"ALTER TABLE {self.name} ATTACH PARTITION {part} FOR VALUES FROM (%s) TO (%s)",
                [day, day + timedelta(days=1)],
            )

    def _drop(self, day: date) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            cursor.execute(f"DROP TABLE IF EXISTS {self.name}_{day:%Y%m%d}")
