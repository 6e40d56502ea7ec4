"""When an act needs a second person: the figures, which a policy gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """The figures that say which acts wait until a second person confirms them.

    Attributes:
        people: the most people whom the acts of one account may make worse within `hours`.
        kinds: acts that always wait, such as "policy-published", or "evidence-withdrawn:case".
        dated_before_days: an act waits if its date is earlier than so many days before today.
    """

    people: int
    hours: int
    kinds: frozenset[str]
    dated_before_days: int
