"""`manage.py list_kept_tables`: what each table keeps of people, how long, and how that ends."""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand

from healthcode.web.keeping import OF_NOBODY, Because, Export, Goes, TableRecord, records


class Command(BaseCommand):
    """Print the records of all tables as they stand in docs/reference/retention.md."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what tables keep, what becomes of it, and which tables are about nobody."""
        kept = [record for record in reversed(records()) if record.export is not OF_NOBODY]
        others = sorted(_name(record) for record in records() if record.export is OF_NOBODY)
        self._table(
            ("table", "what", "how long"),
            ((_name(record), record.holds, record.kept) for record in kept),
        )
        self._table(
            ("table", "in the person's file", "when the person is erased", "when the service ends"),
            (
                (_name(record), *map(_fate, (record.export, record.erase, record.sunset)))
                for record in kept
            ),
        )
        self.stdout.write(f"These tables hold nothing about anybody: {', '.join(others)}.")

    def _table(self, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
        for cells in (head, ("---",) * len(head), *rows):
            self.stdout.write(f"| {' | '.join(cells)} |")
        self.stdout.write("")


def _name(record: TableRecord) -> str:
    return f"`{record.model._meta.db_table}`"


def _fate(fate: object) -> str:
    match fate:
        case Because(why=why):
            return f"no: {why}"
        case Export(member=member):
            return f"`{member}`"
        case Goes():
            return fate.value
        case _:
            return "is taken out"
