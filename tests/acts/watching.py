"""Compare the effect that an act records with the colours stored before and after it."""

from collections import Counter
from collections.abc import Iterable

from accounts.models import Person
from healthcode.acts.effects import Effect
from healthcode.acts.models import Act
from tests.colours import world


class ColourWatch:
    """The stored colours of these people, to compare with what an act recorded.

    A person without a row is green.
    """

    def __init__(self, people: Iterable[int]) -> None:
        self.people = tuple(people)
        self.before = self._stored()

    def _stored(self) -> dict[int, int]:
        return dict.fromkeys(self.people, 0) | dict(world.colours(self.people))

    def effect(self) -> Effect:
        """Return the effect between the beginning of this watch and now."""
        after = self._stored()
        homes = dict(Person.objects.filter(pk__in=self.people).values_list("pk", "home_area"))
        return Effect(
            before=_by_colour(self.before.values()),
            after=_by_colour(after.values()),
            worse=sum(after[who] > was for who, was in self.before.items()),
            homes=Counter(homes[who][:6] for who, was in self.before.items() if after[who] != was),
        )


def _by_colour(colours: Iterable[int]) -> tuple[int, int, int]:
    counted = Counter(colours)
    return counted[0], counted[1], counted[2]


def recorded(act: Act) -> Effect:
    """Return the effect that the act's rows say, with the counties in which people changed."""
    assert act.people_before is not None
    assert act.people_after is not None
    changed = act.areas.filter(people__gt=0)
    return Effect(
        before=tuple(act.people_before),
        after=tuple(act.people_after),
        worse=act.worse,
        homes=Counter(dict(changed.values_list("area", "people"))),
    )
