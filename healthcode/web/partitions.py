"""Tables with one partition for each day in Shanghai, which is dropped when the day is too old.

Rows of a day without a partition go to the default partition, so no row is lost. They move when
their day gets a partition.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection, transaction

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
            # Only the default partition has rows of these days any more.
            cursor.execute(f"DELETE FROM {self.name} WHERE day < %s", [oldest])  # noqa: S608 - a name of the program's

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
        self._order("SELECT make_partition(%s, %s)", day)

    def _drop(self, day: date) -> None:
        self._order("SELECT drop_partition(%s, %s)", day)

    def _order(self, call: str, day: date) -> None:
        """Call a function of the owner, because the service's role cannot change tables."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            cursor.execute(call, [self.name, day])
