"""Meetings that a case told an officer about. They are stored as presences and traced as such."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid
from accounts.merging import registrations_of
from accounts.models import Account, Person, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.colours.wake import send
from healthcode.evidence.responsibility import answers_for
from healthcode.tracing.errors import AlreadyConfirmed
from healthcode.tracing.kinds import PlaceKind
from healthcode.tracing.models import Inquiry, Meeting, Place, Presence
from healthcode.tracing.recording import NewPresence, record_presences
from healthcode.tracing.selectors import inquiry_for
from healthcode.web.errors import NotFound


@dataclass(frozen=True, slots=True)
class MeetingOverview:
    """A meeting as an officer sees it: its number, the other person, the time and the ground."""

    id: int
    person: int
    starts: datetime
    ends: datetime
    ground: str


@transaction.atomic
def declare_meeting(
    *,
    account: Account,
    inquiry_id: int,
    person: int,
    starts: datetime,
    ends: datetime | None,
    ground: Ground,
    at: datetime,
) -> Meeting:
    """Record that an infected person met `person`, as the infected person told an officer.

    If `ends` is None, the meeting lasts half an hour. The service also records who entered the
    meeting and why (an act).

    The meeting is stored as two presences. Both are `sure`, because an officer asked about them. A
    worker then searches for contacts again, because `person` may have met others. Only after that
    can an officer confirm the contacts.

    Raises:
        NotFound, Forbidden: see `inquiry_for`.
        AlreadyConfirmed: the contacts of this inquiry are already evidence.
        InvalidInput: there is no such person, or the meeting begins outside the infectious window.
    """
    inquiry = _open_inquiry(account, inquiry_id)
    case = inquiry.case.person_id
    if person in registrations_of(case) or not Person.objects.filter(pk=person).exists():
        raise invalid("/person", _("There is no such person."))
    if not inquiry.infectious_from <= starts < inquiry.infectious_until:
        raise invalid(
            "/from", _("This time is outside the infectious period of the case. Please check it.")
        )
    act = _act(account, ActKind.MEETING_DECLARED, inquiry, person, ground, at)
    place = Place.objects.create(kind=PlaceKind.MEETING)
    record_presences(
        [
            NewPresence(who, place.pk, PlaceKind.MEETING, starts, ends, sure=True)
            for who in (case, person)
        ]
    )
    _place_again(inquiry)
    return Meeting.objects.create(inquiry=inquiry, place=place, declared_by=act)


@transaction.atomic
def retract_meeting(
    *, account: Account, inquiry_id: int, meeting_id: int, ground: Ground, at: datetime
) -> Meeting:
    """Take back a meeting that an officer entered by mistake; record who did this and why (an act).

    This is possible only before the contacts are confirmed. Until then, no colour depends on the
    meeting.

    Raises:
        NotFound, Forbidden: see `inquiry_for`; or there is no such meeting.
        AlreadyConfirmed: the contacts are confirmed. Withdraw the contact's evidence instead.
    """
    inquiry = _open_inquiry(account, inquiry_id)
    meetings = Meeting.objects.filter(inquiry=inquiry, retracted_by__isnull=True)
    meeting = meetings.filter(pk=meeting_id).first()
    if meeting is None:
        raise NotFound(_("There is no meeting with this number."))
    presences = Presence.objects.filter(place=meeting.place_id)
    other = presences.exclude(person=inquiry.case.person_id).values_list("person", flat=True)
    meeting.retracted_by = _act(
        account, ActKind.MEETING_RETRACTED, inquiry, other.first(), ground, at
    )
    meeting.save(update_fields=["retracted_by"])
    presences.delete()
    return meeting


def meetings_of(inquiry: Inquiry) -> Sequence[MeetingOverview]:
    """Return the meetings that were not taken back, in the order of entry. Two queries.

    Meetings with people who were erased since, or on days past retention, are missing.
    """
    meetings = Meeting.objects.filter(inquiry=inquiry, retracted_by__isnull=True)
    rows = {row.place_id: row for row in meetings.select_related("declared_by").order_by("pk")}
    presences = Presence.objects.filter(place__in=rows).exclude(person=inquiry.case.person_id)
    met = {presence.place_id: presence for presence in presences}
    return [
        MeetingOverview(row.pk, met[place].person_id, met[place].starts, met[place].ends, ground)
        for place, row in rows.items()
        if place in met
        for ground in (row.declared_by.ground,)
    ]


def _open_inquiry(account: Account, inquiry_id: int) -> Inquiry:
    """Return the inquiry, locked so that nobody can confirm it meanwhile."""
    inquiry_for(account, inquiry_id)
    known = Inquiry.objects.select_for_update(of=("self",)).select_related("case__person")
    inquiry = known.get(pk=inquiry_id)
    if inquiry.confirmed_by_id is not None:
        raise AlreadyConfirmed
    return inquiry


def _act(
    account: Account,
    kind: ActKind,
    inquiry: Inquiry,
    person: int | None,
    ground: Ground,
    at: datetime,
) -> Act:
    return record_act(
        account=account,
        role=Role.OFFICER,
        kind=kind,
        area=answers_for(account, inquiry.case),
        ground=ground,
        detail={"inquiry": inquiry.pk, "case": inquiry.case_id, "person": person},
        at=at,
    )


def _place_again(inquiry: Inquiry) -> None:
    Inquiry.objects.filter(pk=inquiry.pk).update(placed_at=None)
    transaction.on_commit(partial(send, "tracing.place", inquiry_id=inquiry.pk))
