"""Where people live, and that they move.

A home decides no colour. But it says which sources may report about a person without an officer,
and it vouches for where somebody was. So a home that somebody has left counts on for `REMEMBERED`,
and nobody escapes a report by moving. docs/decisions/0055-guardians-and-corrections.md says more.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts.authority import normalise_code, require_area
from accounts.errors import invalid
from accounts.holder_errors import MovedOften
from accounts.home_models import FormerHome
from accounts.models import Person

REMEMBERED: Final = timedelta(days=28)
"""As long as scans are kept, in which tracing looks for contacts."""

MOST_FORMER: Final = 2
"""With so many former homes a person moves on only at a desk."""


def move_by_oneself(*, person: Person, home: str, at: datetime) -> None:
    """Store where a person lives now, as somebody who looks after them says it.

    The caller's transaction has locked the person.

    Args:
        home: the code of a division, in any of the usual forms.

    Raises:
        InvalidInput, UnknownArea, EndedArea: there is no such division, or it is the home already.
        MovedOften: the person has moved `MOST_FORMER` times lately. Moving back is always possible.
    """
    area = normalise_code(home, pointer="/home_area")
    if area == person.home_area:
        raise invalid("/home_area", _("This is the home that is registered already."))
    lately = FormerHome.objects.filter(person=person, until__gt=at)
    if lately.exclude(area=area).count() >= MOST_FORMER:
        raise MovedOften
    move(person=person, area=area, at=at)


def move(*, person: Person, area: str, at: datetime) -> None:
    """Store where a person lives now. The caller's transaction has locked the person.

    Args:
        area: the code of the division, short form.

    Raises:
        UnknownArea, EndedArea: there is no such division, or it has ended.
    """
    require_area(area, at=at, pointer="/home_area")
    FormerHome.objects.update_or_create(
        person=person, area=person.home_area, defaults={"until": at + REMEMBERED}
    )
    FormerHome.objects.filter(person=person, area=area).delete()
    person.home_area = area
    person.save(update_fields=["home_area"])


def homes_of(people: Collection[int], *, at: datetime) -> Mapping[int, tuple[str, ...]]:
    """Return the homes of each person: the present one first, then those that still count."""
    found = {
        person: [area]
        for person, area in Person.objects.filter(pk__in=people).values_list("pk", "home_area")
    }
    former = FormerHome.objects.filter(person__in=people, until__gt=at).order_by("pk")
    for person, area in former.values_list("person_id", "area"):
        found[person].append(area)
    return {person: tuple(areas) for person, areas in found.items()}


def former_homes_told(person_id: int, at: datetime) -> list[dict[str, object]]:
    """Return the former homes that still count, for the person's own file."""
    former = FormerHome.objects.filter(person=person_id, until__gt=at).order_by("pk")
    return [{"area": home.area, "until": home.until.isoformat()} for home in former]


def forget_former_homes(at: datetime) -> int:
    """Delete the homes that count no longer; return how many."""
    return FormerHome.objects.filter(until__lte=at).delete()[0]
