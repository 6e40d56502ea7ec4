"""Compare which registrations are merged with the acts that merged and separated them."""

from django.db.models import Q

from accounts.models import MergedRegistration, Person
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act


def merged_otherwise() -> list[int]:
    """Return the numbers of people who are merged with others than the acts say, ascending.

    Whoever was erased no longer counts. The caller reads everything from one snapshot.
    """
    said, stored = _said(), _stored()
    people = {*said, *stored}
    return sorted(
        person for person in people if said.get(person, {person}) != stored.get(person, {person})
    )


def _said() -> dict[int, set[int]]:
    """Return with whom each person is merged, as the acts say one after the other."""
    groups: dict[int, set[int]] = {}
    merged, separated = ActKind.REGISTRATIONS_MERGED, ActKind.REGISTRATIONS_SEPARATED
    acts = Act.objects.filter(Q(kind=merged) | Q(kind=separated))
    for kind, detail in acts.order_by("pk").values_list("kind", "detail"):
        together = set(detail["registrations"])
        if kind == separated:
            together.discard(detail["person"])
            groups.pop(detail["person"], None)
        groups |= dict.fromkeys(together, together)
    known = set(Person.objects.filter(pk__in=groups).values_list("pk", flat=True))
    return {person: groups[person] & known for person in known}


def _stored() -> dict[int, set[int]]:
    by_number: dict[int, set[int]] = {}
    for person, whose in MergedRegistration.objects.values_list("person", "whose"):
        by_number.setdefault(whose, set()).add(person)
    return {person: group for group in by_number.values() for person in group}
