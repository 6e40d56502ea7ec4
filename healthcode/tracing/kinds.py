"""Kinds of places, and what makes a contact close there: minutes together or rows apart.

The numbers of rows follow what authorities published. This service chose the minutes itself.
docs/reference/tracing.md gives the source of each number. A policy says which kind of contact gives
which colour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class PlaceKind(models.TextChoices):
    """A kind of place: a venue, a vehicle, a home, or wherever a meeting took place."""

    RESTAURANT = "restaurant", _("restaurant")
    SHOP = "shop", _("shop")
    MARKET = "market", _("market")
    OFFICE = "office", _("workplace")
    SCHOOL = "school", _("school")
    HOSPITAL = "hospital", _("hospital")
    STATION = "station", _("station or airport")
    LEISURE = "leisure", _("cinema, gym or the like")
    OTHER = "other", _("other venue")
    TRAIN = "train", _("train")
    FLIGHT = "flight", _("flight")
    COACH = "coach", _("coach")
    BUS = "bus", _("bus")
    HOUSEHOLD = "household", _("home")
    MEETING = "meeting", _("meeting")


class Strength(StrEnum):
    """How near two people came; the values are also the traits of a contact's evidence."""

    CLOSE = "close"
    CASUAL = "casual"
    DOUBTFUL = "doubtful"
    SECONDARY = "secondary"


@dataclass(frozen=True, slots=True)
class Measure:
    """How the service measures presences and contacts at one kind of place.

    Args:
        dwell: how long a visit is assumed to last if no exit was scanned.
        longest: longer presences are cut to this length, so that a search need not look further
            back.
        close_after: if two presences overlap for at least this long, the contact is close;
            otherwise it is casual.
        rows: if set, the distance of the seats decides instead of the time: a contact is close if
            the seats are at most this many rows apart.
        carriages: if true, rows are compared only if both people are known to have been in the same
            carriage.
    """

    dwell: timedelta
    longest: timedelta
    close_after: timedelta
    rows: int | None = None
    carriages: bool = False


def _minutes(dwell: int, longest: int, close_after: int) -> Measure:
    a_minute = timedelta(minutes=1)
    return Measure(dwell * a_minute, longest * a_minute, close_after * a_minute)


def _seats(hours: int, *, carriages: bool) -> Measure:
    longest = timedelta(hours=hours)
    return Measure(longest, longest, longest, rows=3, carriages=carriages)


MEASURES: Final[Mapping[PlaceKind, Measure]] = {
    PlaceKind.RESTAURANT: _minutes(60, 240, 10),
    PlaceKind.SHOP: _minutes(20, 180, 15),
    PlaceKind.MARKET: _minutes(30, 240, 15),
    PlaceKind.OFFICE: _minutes(240, 720, 30),
    PlaceKind.SCHOOL: _minutes(240, 720, 30),
    PlaceKind.HOSPITAL: _minutes(120, 1440, 15),
    PlaceKind.STATION: _minutes(30, 360, 15),
    PlaceKind.LEISURE: _minutes(120, 360, 10),
    PlaceKind.OTHER: _minutes(30, 240, 15),
    PlaceKind.TRAIN: _seats(72, carriages=True),
    PlaceKind.FLIGHT: _seats(24, carriages=False),
    PlaceKind.COACH: _minutes(1440, 1440, 0),
    PlaceKind.BUS: _minutes(180, 180, 10),
    PlaceKind.MEETING: _minutes(30, 1440, 0),
    # These times are not used: `Membership`, and no presence, says who lives in a household.
    PlaceKind.HOUSEHOLD: _minutes(1440, 1440, 0),
}
TIME_NEEDED: Final = _(
    "Give the time of day too. In places of this kind, minutes decide who met whom."
)


def fits_in_days(kind: PlaceKind, starts: datetime, ends: datetime | None) -> bool:
    """Return whether a presence given in whole days is short enough to be kept whole.

    A longer one would have to be cut at some hour that nobody reported, so it is refused.
    """
    if kind is PlaceKind.HOUSEHOLD:
        return True
    return ends is not None and ends - starts <= MEASURES[kind].longest


LONGEST: Final = max(measure.longest for measure in MEASURES.values())

VENUES: Final = (
    PlaceKind.RESTAURANT,
    PlaceKind.SHOP,
    PlaceKind.MARKET,
    PlaceKind.OFFICE,
    PlaceKind.SCHOOL,
    PlaceKind.HOSPITAL,
    PlaceKind.STATION,
    PlaceKind.LEISURE,
    PlaceKind.OTHER,
)
VEHICLES: Final = (PlaceKind.TRAIN, PlaceKind.FLIGHT, PlaceKind.COACH, PlaceKind.BUS)

# What the evidence of a contact says if the place has no name. It never says whose home it was.
UNNAMED: Final[Mapping[PlaceKind, Mapping[str, str]]] = {
    PlaceKind.HOUSEHOLD: {"zh": "在家里", "en": "at home"},
    PlaceKind.MEETING: {"zh": "见面时", "en": "when you met"},
}
SOME_PLACE: Final[Mapping[str, str]] = {"zh": "同一地点", "en": "the same place"}
