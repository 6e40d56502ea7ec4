"""Find the status list of a code, and the index of the code's bit in this list.

A day's list is one part of several if there are many people. Each person has 16 numbers, one for
each of the latest colour changes. For each list, a permutation with a secret key gives each number
an index. Without the key, nobody can tell that two indexes belong to one person.
"""

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final, Self

from django.conf import settings

from healthcode.codes.errors import DoesNotSign
from healthcode.codes.models import StatusList
from healthcode.codes.status_lists.permutation import Permutation
from healthcode.core import StatusRef
from healthcode.web.days import day_of

NUMBERS_A_PERSON: Final = 16
"""After this many colour changes a person's numbers repeat.

Nobody changes colour so often within the 14 days that a code can live.
"""

SMALLEST: Final = 4**10
LARGEST: Final = 4**13
"""64 Mi indexes, 8 MiB before compression: the largest list that verifiers accept."""


@dataclass(frozen=True)
class Part:
    """One status list of a day: `size` indexes for the people from `first_person` on."""

    day: date
    number: int
    first_person: int
    size: int

    @classmethod
    def of(cls, row: StatusList) -> Self:
        """Return the part that a stored list belongs to."""
        return cls(row.day, row.part, row.first_person, row.places)

    @property
    def uri(self) -> str:
        """Return the list's address, which codes name."""
        return uri_of(self.day, self.number)

    @property
    def end_person(self) -> int:
        """Return the first person for whom this list has no room."""
        return self.first_person + self.size // NUMBERS_A_PERSON

    @property
    def first_number(self) -> int:
        """Return the number (`number_of`) of the first code with an index in this list."""
        return self.first_person * NUMBERS_A_PERSON

    @property
    def end_number(self) -> int:
        """Return the first number for which this list has no room."""
        return self.first_number + self.size

    def is_for(self, person: int) -> bool:
        """Return whether this person's codes have their indexes in this list."""
        return self.first_person <= person < self.end_person

    def index_of(self, person: int, changes: int) -> int:
        """Return the index of a code that `person` got after this many colour changes."""
        return self.indexes_of([number_of(person, changes)])[0]

    def indexes_of(self, numbers: Iterable[int]) -> list[int]:
        """Return the indexes of many codes, each given by its number (`number_of`)."""
        first = self.first_number
        return self.permutation.forward([number - first for number in numbers])

    def holders_of(self, indexes: Sequence[int]) -> list[tuple[int, int]]:
        """Return for each index the person, and the number of changes modulo `NUMBERS_A_PERSON`."""
        numbers = (divmod(n, NUMBERS_A_PERSON) for n in self.permutation.inverse(indexes))
        return [(self.first_person + person, changes) for person, changes in numbers]

    @cached_property
    def permutation(self) -> Permutation:
        """Return the permutation of this list. Every list has its own."""
        name = name_of(self.day, self.number)
        return Permutation(key=_derived(f"status list {name}"), size=self.size)


def number_of(person: int, changes: int) -> int:
    """Return the number of a code that `person` got after this many colour changes."""
    return person * NUMBERS_A_PERSON + changes % NUMBERS_A_PERSON


class KnownParts:
    """Remembers the parts that this process has read, because a part never changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: dict[date, list[Part]] = {}

    def find(self, *, person: int, day: date) -> Part | None:
        """Return the part of `day` with this person's indexes; None if there is none yet."""
        return self._known(person, day) or self._look_up(person, day)

    def forget(self) -> None:
        """Read all parts from the database again when they are next needed."""
        with self._lock:
            self._parts = {}

    def _look_up(self, person: int, day: date) -> Part | None:
        parts = parts_of(day, day)
        with self._lock:
            # Keep only days near this one. Codes ask for no others, and the dictionary would grow
            # without end.
            keep = {known: old for known, old in self._parts.items() if abs(known - day) < _FEW}
            self._parts = keep | {day: parts}
        return self._known(person, day)

    def _known(self, person: int, day: date) -> Part | None:
        parts = self._parts.get(day, [])
        return next((part for part in parts if part.is_for(person)), None)


_FEW = timedelta(days=3)
known_parts = KnownParts()


def key_mark() -> str:
    """Return a mark that tells one STATUS_INDEX_KEY from another and reveals nothing about it."""
    return _derived("mark")[:8].hex()


def _derived(purpose: str) -> bytes:
    """Derive 32 bytes from STATUS_INDEX_KEY. Raises DoesNotSign where it is not set."""
    if not settings.STATUS_INDEX_KEY:
        raise DoesNotSign
    secret = base64.b64decode(settings.STATUS_INDEX_KEY, validate=True)
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)


def parts_of(first: date, last: date) -> list[Part]:
    """Return the stored parts of these days, in order."""
    rows = StatusList.objects.filter(day__range=(first, last)).order_by("day", "part")
    return [Part(*row) for row in rows.values_list("day", "part", "first_person", "places")]


def further_parts(day: date, parts: list[Part], people: int) -> list[Part]:
    """Return the parts that `day` needs besides `parts`, to have room up to person number `people`.

    They have room for twice as many people, so that a day seldom needs a second part.
    """
    further: list[Part] = []
    end = parts[-1].end_person if parts else 0
    number = len(parts)
    while end <= people:
        wanted = 2 * NUMBERS_A_PERSON * (people - end + 1)
        size = SMALLEST
        while size < min(wanted, LARGEST):
            size *= 4
        further.append(Part(day, number, end, size))
        end, number = further[-1].end_person, number + 1
    return further


def reference(*, person: int, changes: int, at: datetime) -> StatusRef | None:
    """Return the status index of a code made at `at`; None if the person has no list that day."""
    part = known_parts.find(person=person, day=day_of(at))
    return None if part is None else StatusRef(idx=part.index_of(person, changes), uri=part.uri)


def uri_of(day: date, part: int) -> str:
    """Return a list's address, as codes name it."""
    return f"{settings.STATUS_BASE_URL}/s/{name_of(day, part)}"


def name_of(day: date, part: int) -> str:
    """Return the last segment of a list's address: `20200224`, for a further part `20200224-1`."""
    return f"{day:%Y%m%d}-{part}" if part else f"{day:%Y%m%d}"
