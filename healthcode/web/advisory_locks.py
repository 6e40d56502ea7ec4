"""The advisory locks of the database: who takes each, and what it protects.

PostgreSQL knows them by one space of numbers for the whole database, so no other module names one.
All are held to the end of the transaction. Numbers never change: two versions of the service may
run side by side.
"""

from enum import IntEnum, unique
from typing import Final


@unique
class AdvisoryLock(IntEnum):
    """Locks with a number of their own, made from four letters."""

    LEVELS = 0x6C65_7665
    """Who publishes a map of levels, alone: two that speak of one area must not interleave."""
    COLOURS = 0x6863_6F6C
    """The writers' lock of colours. Who writes a colour shares it. Who plans a recomputation takes
    it alone for a moment, and so begins once all who wrote by the rules of before have ended."""
    STATUS_LISTS = 0x5354_4C53
    """Who signs status lists, alone: the lists of one moment are of one publisher."""

    @property
    def alone(self) -> str:
        """The call that takes it when nobody else holds it."""
        return f"pg_advisory_xact_lock({self.value})"

    @property
    def shared(self) -> str:
        """The call that takes it together with all who share it."""
        return f"pg_advisory_xact_lock_shared({self.value})"


OF_A_TABLE: Final = "pg_advisory_xact_lock(hashtext(%s))"
"""Who makes a partition of the table of this name, alone. Numbers of 32 bits: a test holds those of
the tables apart from the ones above."""

OF_A_SUBJECT: Final = "pg_advisory_xact_lock(%s)"
"""Who counts a use of a limit by a subject, alone: what is left is counted and used in one step.
The number is the first 64 bits of the subject's keyed hash: should it ever be another's too, one
waits for the other without need."""
