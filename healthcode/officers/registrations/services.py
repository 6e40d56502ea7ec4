"""Merge two registrations of one person, and separate a registration that is somebody else's."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import identity
from accounts.errors import OutsideYourArea, invalid
from accounts.identity import Document
from accounts.merging import registrations_of
from accounts.models import Account, Person, Role
from accounts.selectors import find_people
from accounts.waiting import people_with
from healthcode.acts.effects import Effect
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import LookKind
from healthcode.acts.looks import Onlooker, record_looks
from healthcode.acts.models import Proposal
from healthcode.colours.two_persons import do_or_propose
from healthcode.evidence.lines import DocumentNumber
from healthcode.officers.registrations.plans import (
    MergingPlan,
    RegistrationsChanged,
    SeparationPlan,
    area_of,
)
from healthcode.web.days import day_of
from healthcode.web.errors import InvalidInput, NotFound


@dataclass(frozen=True, slots=True)
class _Found:
    """The numbers of the people with the documents, and those of them who are registered."""

    people: tuple[int, ...]
    registered: tuple[int, ...]


def merge(
    *, account: Account, person: int, other: int, ground: Ground, at: datetime
) -> RegistrationsChanged | Proposal:
    """Let two registrations be those of one person, as an officer's act.

    What is known under either gives the colour of both, in the same transaction. If this needs a
    second person, nothing is merged yet, and the proposal is returned.

    Raises:
        NotFound: there is no such person, or neither is registered.
        Forbidden, OutsideYourArea: the officer does not answer for one of them.
        AlreadyMerged: they are one person's already.
    """
    plan = MergingPlan(*sorted((person, other)))
    return do_or_propose(plan=plan, account=account, ground=ground, at=at)


def separate(
    *, account: Account, person: int, ground: Ground, at: datetime
) -> RegistrationsChanged | Proposal:
    """Take a registration out of those it was merged with, as an officer's act.

    Each side has the colour of what is known about it alone, in the same transaction. If this
    needs a second person, nothing is separated yet, and the proposal is returned.

    Raises:
        NotFound, Forbidden, OutsideYourArea: as `merge`, about all registrations concerned.
        NotMerged: it is not merged with another one.
    """
    return do_or_propose(plan=SeparationPlan(person), account=account, ground=ground, at=at)


@transaction.atomic
def merge_documents(
    *,
    account: Account,
    document: DocumentNumber,
    other: DocumentNumber,
    ground: Ground,
    at: datetime,
) -> RegistrationsChanged | Proposal:
    """Call `merge` for two documents, given as type and number, that an officer has seen.

    One of them must be registered. What anybody reports under the other one, before or after this,
    counts for the person.

    Raises:
        InvalidInput: a document is impossible, or both are the same.
        NotFound, Forbidden, OutsideYourArea, AlreadyMerged: as `merge`.
    """
    person, second = _find(account, document, other, at=at).people
    return merge(account=account, person=person, other=second, ground=ground, at=at)


@transaction.atomic
def separate_document(
    *, account: Account, document: DocumentNumber, ground: Ground, at: datetime
) -> RegistrationsChanged | Proposal:
    """Call `separate` for the registration of a document.

    Raises:
        InvalidInput: the document is impossible.
        NotFound, Forbidden, OutsideYourArea, NotMerged: as `separate`.
    """
    return separate(account=account, person=_known(account, document, at), ground=ground, at=at)


def preview_merging(
    *,
    account: Account,
    document: DocumentNumber,
    other: DocumentNumber,
    ground: Ground,
    at: datetime,
) -> Effect:
    """Count what `merge_documents` would do to colours; the people see that an officer looked.

    Raises:
        Refusal: as `merge_documents`.
        TooMany: the officer has looked at people's data too often today.
    """
    with transaction.atomic():
        found = _find(account, document, other, at=at)
        effect = MergingPlan(*sorted(found.people)).foresee(account, at=at).effect
        transaction.set_rollback(True)
    return _looked(account, found.registered, effect, ground, at)


def preview_separation(
    *, account: Account, document: DocumentNumber, ground: Ground, at: datetime
) -> Effect:
    """Count what `separate_document` would do to colours; the people see that an officer looked.

    Raises:
        Refusal: as `separate_document`.
        TooMany: the officer has looked at people's data too often today.
    """
    with transaction.atomic():
        foreseen = SeparationPlan(_known(account, document, at)).foresee(account, at=at)
        transaction.set_rollback(True)
    people = Person.objects.filter(pk__in=foreseen.facts["registrations"], is_waiting=False)
    registered = tuple(people.values_list("pk", flat=True))
    return _looked(account, registered, foreseen.effect, ground, at)


def _looked(
    account: Account, registered: tuple[int, ...], effect: Effect, ground: Ground, at: datetime
) -> Effect:
    by = Onlooker(account, Role.OFFICER, area_of(account, registered), ground)
    record_looks(by=by, people=registered, what=LookKind.COLOUR, at=at)
    return effect


def _find(
    account: Account, document: DocumentNumber, other: DocumentNumber, *, at: datetime
) -> _Found:
    """Return the people with these documents; whoever is not registered waits from now on."""
    first, second = _read(document, at, ""), _read(other, at, "other_")
    if first == second:
        raise invalid("/other_id_number", _("This is the same document twice."))
    registered = tuple(find_people([document, other]).values())
    if not any(_answers_for(account, one) for one in registered):
        raise NotFound(_NOBODY)
    home = Person.objects.get(pk=registered[0]).home_area
    numbers = people_with([document, other], home=home, at=at)
    return _Found((numbers[document], numbers[other]), registered)


def _known(account: Account, document: DocumentNumber, at: datetime) -> int:
    """Return the person with this document; a person of other areas is refused as nobody."""
    _read(document, at, "")
    found = find_people([document], also_waiting=True).get(document)
    if found is None or not _answers_for(account, *registrations_of(found)):
        raise NotFound(_NOBODY)
    return found


def _answers_for(account: Account, *people: int) -> bool:
    try:
        return bool(area_of(account, people))
    except (NotFound, OutsideYourArea):
        return False


def _read(document: DocumentNumber, at: datetime, prefix: str) -> Document:
    try:
        return identity.parse(*document, on=day_of(at))
    except InvalidInput as refusal:
        raise invalid(f"/{prefix}id_number", str(refusal.detail)) from refusal


_NOBODY = _("Nobody who lives in your area is registered under this number.")
