"""Where a person's codes have their bit: the parts of the day's status list, and indexes in them.

A person has a run of numbers, one for each of the latest changes of colour; the list's keyed
permutation of the day scatters them over its indexes. Whoever lacks the key can link no two
indexes, neither of different days nor before and after a change.
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
"""A person's numbers come round after as many changes of colour, which fourteen days do not see."""

SMALLEST: Final = 4**10
LARGEST: Final = 4**13
"""64 Mi indexes, 8 MiB before compression: the largest list that verifiers read."""


@dataclass(frozen=True)
class Part:
    """One status list of a day: `size` indexes, for the people from `first_person` on."""

    day: date
    number: int
    first_person: int
    size: int

    @classmethod
    def of(cls, row: StatusList) -> Self:
        """The part that a stored list is about."""
        return cls(row.day, row.part, row.first_person, row.places)

    @property
    def uri(self) -> str:
        """The address that codes name and where the list is published."""
        return uri_of(self.day, self.number)

    @property
    def end_person(self) -> int:
        """The first person who is beyond this list."""
        return self.first_person + self.size // NUMBERS_A_PERSON

    @property
    def first_number(self) -> int:
        """The number (`number_of`) of the first code that has its index here."""
        return self.first_person * NUMBERS_A_PERSON

    @property
    def end_number(self) -> int:
        """The first number of a code that is beyond this list."""
        return self.first_number + self.size

    def is_for(self, person: int) -> bool:
        """Whether this person's codes have their indexes here."""
        return self.first_person <= person < self.end_person

    def index_of(self, person: int, changes: int) -> int:
        """The index of a code of `person` made after so many changes of colour."""
        return self.indexes_of([number_of(person, changes)])[0]

    def indexes_of(self, numbers: Iterable[int]) -> list[int]:
        """The indexes of many codes, each named by its number (`number_of`)."""
        first = self.first_number
        return self.permutation.forward([number - first for number in numbers])

    def holders_of(self, indexes: Sequence[int]) -> list[tuple[int, int]]:
        """Whose codes have these indexes: person, and changes modulo `NUMBERS_A_PERSON`."""
        numbers = (divmod(n, NUMBERS_A_PERSON) for n in self.permutation.inverse(indexes))
        return [(self.first_person + person, changes) for person, changes in numbers]

    @cached_property
    def permutation(self) -> Permutation:
        """The permutation that belongs to this list alone."""
        name = name_of(self.day, self.number)
        return Permutation(key=_derived(f"status list {name}"), size=self.size)


def number_of(person: int, changes: int) -> int:
    """One number for the code of `person` made after so many changes of colour."""
    return person * NUMBERS_A_PERSON + changes % NUMBERS_A_PERSON


class KnownParts:
    """The parts that a process knows. They never change, so each is read once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: dict[date, list[Part]] = {}

    def find(self, *, person: int, day: date) -> Part | None:
        """The list of `day` that has this person's indexes; None when there is none yet."""
        return self._known(person, day) or self._look_up(person, day)

    def forget(self) -> None:
        """Read the parts afresh."""
        with self._lock:
            self._parts = {}

    def _look_up(self, person: int, day: date) -> Part | None:
        parts = parts_of(day, day)
        with self._lock:
            # Only the days around midnight are asked for again; the rest would pile up.
            keep = {known: old for known, old in self._parts.items() if abs(known - day) < _FEW}
            self._parts = keep | {day: parts}
        return self._known(person, day)

    def _known(self, person: int, day: date) -> Part | None:
        parts = self._parts.get(day, [])
        return next((part for part in parts if part.is_for(person)), None)


_FEW = timedelta(days=3)
known_parts = KnownParts()


def key_mark() -> str:
    """Tells one key of the status lists from another, and nothing about it."""
    return _derived("mark")[:8].hex()


def _derived(purpose: str) -> bytes:
    """32 bytes from the key of the status lists. Raises DoesNotSign where there is none."""
    if not settings.STATUS_INDEX_KEY:
        raise DoesNotSign
    secret = base64.b64decode(settings.STATUS_INDEX_KEY, validate=True)
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)


def parts_of(first: date, last: date) -> list[Part]:
    """The parts there are of these days, in order."""
    rows = StatusList.objects.filter(day__range=(first, last)).order_by("day", "part")
    return [Part(*row) for row in rows.values_list("day", "part", "first_person", "places")]


def further_parts(day: date, parts: list[Part], people: int) -> list[Part]:
    """The parts that `day` needs beside `parts` to have indexes up to person number `people`.

    Room is left for as many people again, so that a day seldom needs a second part.
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
    """What a code made at `at` says about its status; None while the day has no list for it."""
    part = known_parts.find(person=person, day=day_of(at))
    return None if part is None else StatusRef(idx=part.index_of(person, changes), uri=part.uri)


def uri_of(day: date, part: int) -> str:
    """The address of a list, as codes name it."""
    return f"{settings.STATUS_BASE_URL}/s/{name_of(day, part)}"


def name_of(day: date, part: int) -> str:
    """The last step of a list's address: `20200224`, or `20200224-1` for a further part."""
    return f"{day:%Y%m%d}-{part}" if part else f"{day:%Y%m%d}"
