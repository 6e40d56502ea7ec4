"""All advisory locks of the database: who takes each lock, and what it protects.

All advisory locks of a PostgreSQL database share one range of numbers, so only this module defines
the numbers. A lock is held until the transaction ends. The numbers never change, because two
versions of the service may run at the same time.
"""

from enum import IntEnum, unique
from typing import Final


@unique
class AdvisoryLock(IntEnum):
    """Locks whose numbers are four ASCII letters each."""

    LEVELS = 0x6C65_7665
    """Held alone while a map of levels is published, because two maps of one area must not mix."""
    COLOURS = 0x6863_6F6C
    """Shared by all transactions that write colours. A transaction that plans a recomputation takes
    it alone for a moment: when it gets the lock, all that wrote by the old rules have ended. One
    that merges or separates registrations holds it alone until its end.
    """
    STATUS_LISTS = 0x5354_4C53
    """Held alone while status lists are signed, so that one process signs a whole edition."""

    LOG = 0x6C6F_6773
    """Held alone while the public log is extended, so that no two leaves get one position."""
    FIRST_ADMINISTRATOR = 0x6164_6D69
    """Held alone while the first administrator is made, because there is only one."""

    @property
    def alone(self) -> str:
        """Return the call that takes the lock when nobody else holds it."""
        return f"pg_advisory_xact_lock({self.value})"

    @property
    def tried(self) -> str:
        """Return the call that takes the lock if it is free, and tells whether it did."""
        return f"pg_try_advisory_xact_lock({self.value})"

    @property
    def shared(self) -> str:
        """Return the call that takes the lock together with others that share it."""
        return f"pg_advisory_xact_lock_shared({self.value})"


OF_A_TABLE: Final = "pg_advisory_xact_lock(hashtext(%s))"
"""The owner's function `make_partition` holds it alone for its table. `hashtext` gives 32 bits; a
test checks that no table's number equals one of the numbers above.
"""

OF_A_SUBJECT: Final = "pg_advisory_xact_lock(%s)"
"""Held alone while a use of a limit is counted for a subject, so that reading and counting are one
step. The number is the first 64 bits of the subject's keyed hash. If two subjects ever have the
same number, one only waits for the other.
"""

OF_AN_ANSWER: Final = "pg_advisory_xact_lock(%s)"
"""Held alone while a request with an idempotency key is answered, so that its repetition waits. The
number is the first 64 bits of the hash of account and key. If two keys ever have the same number,
one only waits for the other.
"""
