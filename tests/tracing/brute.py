"""Trace by brute force: compare every presence with every other, in plain Python loops.

It shares only the table of measures with the service.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from healthcode.tracing.kinds import MEASURES, PlaceKind, Strength
from healthcode.tracing.trace import Chain, Encounter, SecondaryEncounter, Window

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Site:
    """A place."""

    id: int
    kind: PlaceKind
    area: str = ""


@dataclass(frozen=True)
class Seen:
    """A person at a place, or a person who lives in a household."""

    person: int
    site: Site
    starts: datetime
    ends: datetime | None
    sure: bool = True
    carriage: int | None = None
    row: int | None = None


@dataclass
class BruteTracer:
    """Traces with all homes, stays and presences in memory."""

    homes: dict[int, tuple[str, ...]]
    stays: list[tuple[int, str, datetime, datetime | None]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def trace(self, case: Window, at: datetime) -> Chain:
        contacts = self.encounters(case)
        near = {c.person for c in contacts if c.strength is Strength.CLOSE} | {case.person}
        second = [
            SecondaryEncounter(contact.person, other)
            for contact in contacts
            if contact.strength is Strength.CLOSE
            for other in self.encounters(Window(contact.person, contact.first_at, at))
            if other.strength is Strength.CLOSE and other.person not in near
        ]
        return Chain(case, tuple(contacts), tuple(second))

    def encounters(self, window: Window) -> list[Encounter]:
        met: dict[tuple[int, Strength], list[tuple[Seen, datetime, datetime]]] = {}
        for own in self.seen:
            for other in self.seen:
                together = self.together(window, own, other)
                if together is not None:
                    strength, starts, ends = together
                    met.setdefault((other.person, strength), []).append((other, starts, ends))
        found = []
        for (person, strength), times in sorted(met.items(), key=lambda item: item[0]):
            other, starts, ends = min(times, key=lambda t: (-t[2].timestamp(), t[1], t[0].site.id))
            first = min(time[1] for time in times)
            found.append(
                Encounter(
                    person, strength, other.site.id, other.site.kind, "", starts, ends, first,
                    len(times),
                )
            )  # fmt: skip
        return found

    def together(
        self, window: Window, own: Seen, other: Seen
    ) -> tuple[Strength, datetime, datetime] | None:
        if own.person != window.person or other.person == own.person or own.site != other.site:
            return None
        starts = max(window.starts, own.starts, other.starts)
        ends = min(end for end in (window.ends, own.ends, other.ends) if end is not None)
        if starts >= ends:
            return None
        if None not in (own.carriage, other.carriage) and own.carriage != other.carriage:
            return None
        return self.strength(own, other, ends - starts), starts, ends

    def strength(self, own: Seen, other: Seen, overlap: timedelta) -> Strength:
        if not (self.believed(own) and self.believed(other)):
            return Strength.DOUBTFUL
        measure = MEASURES[own.site.kind]
        if measure.rows is None:
            near = overlap >= measure.close_after
        elif own.row is None or other.row is None:
            near = False
        else:
            carriage_known = own.carriage is not None and other.carriage is not None
            near = abs(own.row - other.row) <= measure.rows and (
                carriage_known or not measure.carriages
            )
        return Strength.CLOSE if near else Strength.CASUAL

    def believed(self, sign: Seen) -> bool:
        """Return whether somebody else saw the person, or other data places them in that city."""
        city = sign.site.area[:4]
        if sign.sure:
            return True
        if len(city) < 4 or sign.ends is None:
            return False
        early, late = sign.starts - DAY, sign.ends + DAY
        return (
            city in {home[:4] for home in self.homes[sign.person]}
            or any(
                person == sign.person
                and area[:4] == city
                and starts <= late
                and (ends is None or ends >= early)
                for person, area, starts, ends in self.stays
            )
            or any(
                other.sure
                and other.person == sign.person
                and other.site.area[:4] == city
                and other.site.kind is not PlaceKind.HOUSEHOLD
                and early <= other.starts <= late
                for other in self.seen
            )
        )


def chains(town: BruteTracer, cases: Sequence[Window], at: datetime) -> list[Chain]:
    return [town.trace(case, at) for case in cases]
