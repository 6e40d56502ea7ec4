"""Find the people whom the lines of a source name, by number or by document."""

from collections.abc import Collection, Mapping
from datetime import datetime

from accounts.models import Person
from accounts.waiting import people_with
from healthcode.evidence.lines import DocumentNumber

NamedBy = int | DocumentNumber


def people_of(holders: Collection[NamedBy], *, home: str, at: datetime) -> Mapping[NamedBy, int]:
    """Return the person of each holder that exists, or can exist.

    Whoever is named by a document that nobody has registered waits from now on, in `home`. One
    query finds all people given by number, `accounts.waiting` all given by document.
    """
    people: dict[NamedBy, int] = {}
    given = {holder for holder in holders if isinstance(holder, int)}
    if given:
        known = Person.objects.filter(pk__in=given).values_list("pk", flat=True)
        people.update((person, person) for person in known)
    documents = {holder for holder in holders if isinstance(holder, tuple)}
    if documents:
        found = people_with(sorted(documents), home=home, at=at)
        people.update((holder, person) for holder, person in found.items())
    return people
