"""One record for each table: what it holds about people, for how long, and how it is deleted.

Each package with tables has a file `kept.py` with `RECORDS`: one `TableRecord` for each table. If a
package cannot do what the record of its table says, a higher package has the record. For example,
only `colours` knows which evidence a decision still needs, so `colours` has the record of evidence.

Retention, export, erasure, the end of the service and docs/reference/retention.md use these
records. A test checks that every table has a record.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from functools import cache
from importlib import import_module
from typing import Final

from django.apps import apps
from django.db import models
from django.utils.module_loading import module_has_submodule

from healthcode.web.rights import DoorRights, Rights

logger = logging.getLogger(__name__)


class Cadence(StrEnum):
    """How often beat starts the search for rows whose time is over."""

    OFTEN = "often"
    NIGHTLY = "nightly"


class Goes(Enum):
    """How rows end without any code of their own."""

    WITH_THE_PERSON = "goes with the person"
    """The cascade of the models deletes them."""
    AT_ONCE = "goes"
    """The whole table is emptied."""


@dataclass(frozen=True, slots=True)
class Because:
    """Nothing happens, and a sentence for docs/reference/retention.md says why that is right."""

    why: str


@dataclass(frozen=True, slots=True)
class Forget:
    """How to delete the rows whose time is over at an instant; `rows` returns their number."""

    rows: Callable[[datetime], object]
    each: Cadence


@dataclass(frozen=True, slots=True)
class Export:
    """A member of a person's own file: its name, and a function of number and instant."""

    member: str
    of: Callable[[int, datetime], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRecord:
    """What one table holds about people, and how its rows are deleted.

    holds: what the rows are, in words.
    kept: how long rows are kept, in words.
    forget: the way in which rows are deleted after their time. None if no task deletes them: they
    are deleted in another way (see `kept`) or are kept for good.
    export: what a person's export contains from this table, or why it contains nothing.
    erase: what happens when a person is erased. If it is a function, it gets the person's number
    and the time.
    sunset: what happens when the service ends for good.
    rights: what the service's database role may do with the table.
    fills: columns that this role may change although `rights` says no; a trigger says how.
    doors: what the database role of doors may do with the table. None if it may nothing.
    days: the setting that says for how many days the owner's functions keep the rows, whoever asks
    them to delete.
    """

    model: type[models.Model]
    holds: str
    kept: str
    forget: Forget | None = None
    export: Export | Because
    erase: Callable[[int, datetime], object] | Goes | Because
    sunset: Callable[[], object] | Goes | Because
    rights: Rights = Rights.ALL
    fills: tuple[str, ...] = ()
    doors: DoorRights | None = None
    days: str = ""


OF_NOBODY: Final = Because("holds nothing about anybody")


def of_nobody(
    model: type[models.Model],
    *,
    holds: str,
    kept: str = "for good",
    rights: Rights = Rights.ALL,
    fills: tuple[str, ...] = (),
    doors: DoorRights | None = None,
) -> TableRecord:
    """Return the record of a table that holds nothing about people and outlasts the service."""
    return TableRecord(
        model=model,
        holds=holds,
        kept=kept,
        export=OF_NOBODY,
        erase=OF_NOBODY,
        sunset=OF_NOBODY,
        rights=rights,
        fills=fills,
        doors=doors,
    )


@cache
def records() -> tuple[TableRecord, ...]:
    """Return all records, upper rooms first, because rows that refer to a person go first."""
    return tuple(record for room in _rooms() for record in room)


def forget(cadence: Cadence, *, at: datetime) -> None:
    """Delete the rows whose time is over at `at`, in all tables that are due at this cadence.

    Raises:
        ExceptionGroup: some tables failed; all others are done.
    """
    failures: list[Exception] = []
    for record in records():
        if record.forget is None or record.forget.each is not cadence:
            continue
        try:
            gone = record.forget.rows(at)
        except Exception as error:  # noqa: BLE001 - one table must not keep the others; raised below
            failures.append(error)
        else:
            # A dropped partition has no count of rows, and zero rows are not worth a line in the
            # log.
            if gone:
                logger.info("Forgot %s rows of %s", gone, record.model._meta.db_table)
    if failures:
        raise ExceptionGroup("some tables could not be swept", failures)


def _rooms() -> Iterator[tuple[TableRecord, ...]]:
    for config in reversed(list(apps.get_app_configs())):
        if config.module and module_has_submodule(config.module, "kept"):
            yield import_module(f"{config.name}.kept").RECORDS
