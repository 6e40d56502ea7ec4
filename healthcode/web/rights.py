"""What the two database roles that log in for good may do with a table."""

from dataclasses import dataclass
from enum import Enum


class Rights(Enum):
    """The privileges that `manage.py migrate` grants the role of the service.

    None includes TRUNCATE, triggers or DDL.
    """

    ALL = "SELECT, INSERT, UPDATE, DELETE"
    ADD_AND_DELETE = "SELECT, INSERT, DELETE"
    """Rows are never changed, and deleted when their time is over."""
    ADD = "SELECT, INSERT"
    """Rows are read and added. What must change, functions of the owner do."""
    READ = "SELECT"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorRights:
    """What the role of doors may do with a table. It may nothing with a table that has none.

    `reads` and `changes` are columns, written out, so that nobody at a door reads a column that is
    added later. `calls` are functions of the owner which do the rest.
    """

    reads: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    adds: bool = False
    deletes: bool = False
    calls: tuple[str, ...] = ()
