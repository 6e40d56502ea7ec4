"""Ask `decide()` about a colour before a code is signed, and remember what was asked.

A phone renews its code every few minutes, from the same row. So a process remembers the rows about
which it has asked, and asks again as soon as one differs in anything.
"""

import secrets
from array import array
from datetime import datetime
from hashlib import blake2b
from struct import Struct
from typing import Final

from healthcode.colours.agreement import ColourRow, checked_colour
from healthcode.colours.selectors import PersonDecision
from healthcode.core import Colour

SLOTS: Final = 2**19
"""How many rows one process remembers, in 8 bytes each: 4 MiB. 700 phones a second, each renewing
every 150 seconds, have 105,000 rows.
"""
FIELDS: Final = Struct("<4q2d")
NEVER: Final = 0.0


class AskedRows:
    """Remembers rows as digests of 64 bits. People whose numbers share a slot displace each other.

    The digest has a key of this process, so that nobody can make another row with the same digest.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._digests = array("Q", bytes(8 * SLOTS))

    def has(self, row: ColourRow) -> bool:
        """Return whether this is the row of this person that was asked about last."""
        return self._digests[row.person % SLOTS] == self._digest(row)

    def remember(self, row: ColourRow) -> None:
        """Remember that `decide()` agrees with this row until its `next_change_at`."""
        self._digests[row.person % SLOTS] = self._digest(row)

    def forget(self, person: int) -> None:
        """Ask again when this person next needs a code."""
        self._digests[person % SLOTS] = 0

    def forget_all(self) -> None:
        """Ask again about everybody."""
        self._digests = array("Q", bytes(8 * SLOTS))

    def _digest(self, row: ColourRow) -> int:
        # As a float, an instant of our time is exact to the microsecond.
        next_change = row.next_change_at.timestamp() if row.next_change_at else NEVER
        numbers = (row.person, row.colour, row.changes, row.policy)
        packed = FIELDS.pack(*numbers, row.since.timestamp(), next_change)
        return int.from_bytes(blake2b(packed, digest_size=8, key=self._key).digest())


asked_rows: Final = AskedRows()


def agreed(row: ColourRow, *, at: datetime) -> tuple[ColourRow, PersonDecision | None]:
    """Return the row from which to sign a code, and the decision behind it unless it is green.

    The row is another one if the colour has changed since `row` was read. For a green row that was
    asked about before, there is no query. Every other colour comes with its reasons, which need the
    decision anyway, so it is asked about each time.

    Raises:
        ColourBeingChecked, NoPolicy, NotFound: see `checked_colour`.
    """
    is_due = row.next_change_at is not None and row.next_change_at <= at
    if row.colour is Colour.GREEN and not is_due and asked_rows.has(row):
        return row, None
    checked = checked_colour(row.person, at=at)
    asked_rows.remember(checked.row)
    is_green = checked.row.colour is Colour.GREEN
    return checked.row, None if is_green else checked.explained()
