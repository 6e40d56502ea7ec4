"""One record a table: what it holds of people, how long, and what becomes of it.

Each room has a `kept.py` with `RECORDS`, one `TableRecord` for each of its tables. A record stands
in the lowest room that can do all that it says: only `colours` can tell which evidence a decision
still needs, so the record of evidence stands there. Retention, export, erasure, the end of the
service and docs/reference/retention.md are made from these records. A test compares them with the
schema, so that no table is without one.
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

logger = logging.getLogger(__name__)


class Cadence(StrEnum):
    """How often rows that have served their time are looked for; beat names it."""

    OFTEN = "often"
    NIGHTLY = "nightly"


class Goes(Enum):
    """How rows go when nothing else needs to be done for it."""

    WITH_THE_PERSON = "goes with the person"
    """The models' cascade deletes them."""
    AT_ONCE = "goes"
    """The table is emptied."""


@dataclass(frozen=True, slots=True)
class Because:
    """Nothing is done, and why that is right; a sentence for docs/reference/retention.md."""

    why: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Deletes what has served its time by an instant."""

    rows: Callable[[datetime], object]
    each: Cadence


@dataclass(frozen=True, slots=True)
class Export:
    """A member of a person's own file: its name, and what it is for a person at an instant."""

    member: str
    of: Callable[[int, datetime], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRecord:
    """What one table holds of people, and what becomes of it.

    holds: what its rows are, in words.
    kept: how long, in words.
    forget: None where rows go by what `kept` says, or stay for good.
    export: what a person is given of it, or why nothing.
    erase: what is done when a person is erased, given their number and the instant.
    sunset: what is done when the service ends for good.
    """

    model: type[models.Model]
    holds: str
    kept: str
    forget: Forget | None = None
    export: Export | Because
    erase: Callable[[int, datetime], object] | Goes | Because
    sunset: Callable[[], object] | Goes | Because


OF_NOBODY: Final = Because("holds nothing about anybody")


def of_nobody(model: type[models.Model], *, holds: str, kept: str = "for good") -> TableRecord:
    """Record a table that holds nothing about anybody and outlasts the service."""
    return TableRecord(
        model=model, holds=holds, kept=kept, export=OF_NOBODY, erase=OF_NOBODY, sunset=OF_NOBODY
    )


@cache
def records() -> tuple[TableRecord, ...]:
    """All records, the upper rooms' first: what leans on a person goes before the person."""
    return tuple(record for room in _rooms() for record in room)


def forget(cadence: Cadence, *, at: datetime) -> None:
    """Delete what has served its time by `at`, of every table that is due at this cadence.

    Raises:
        ExceptionGroup: some tables could not be swept; all others were.
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
            # A dropped partition counts no rows, and nothing to forget is nothing to tell.
            if gone:
                logger.info("Forgot %s rows of %s", gone, record.model._meta.db_table)
    if failures:
        raise ExceptionGroup("some tables could not be swept", failures)


def _rooms() -> Iterator[tuple[TableRecord, ...]]:
    for config in reversed(list(apps.get_app_configs())):
        if config.module and module_has_submodule(config.module, "kept"):
            yield import_module(f"{config.name}.kept").RECORDS
