"""Read inquiries and their chains of contacts."""

from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.authority import areas_of
from accounts.models import Account, Role
from healthcode.evidence.responsibility import answers_for, answers_for_all
from healthcode.tracing.models import Inquiry, Membership, Place, Presence
from healthcode.tracing.trace import Chain, Window, trace
from healthcode.web.errors import NotFound


def inquiry_for(account: Account, inquiry_id: int) -> Inquiry:
    """Return an inquiry with its case, for an officer who answers for the case.

    Raises:
        NotFound: there is no such inquiry.
        Forbidden: see `answers_for`.
    """
    known = Inquiry.objects.select_related("case__person", "opened_by", "confirmed_by")
    inquiry = known.filter(pk=inquiry_id).first()
    if inquiry is None:
        raise NotFound(_("There is no inquiry with this number."))
    answers_for(account, inquiry.case)
    return inquiry


def inquiries_of(account: Account, *, most: int) -> list[Inquiry]:
    """Return the latest inquiries for which the officer is responsible, at most `most`. One query.

    A case has no area of its own, so the home of its person decides. An officer for the whole
    issuer sees all inquiries.

    Raises:
        Forbidden: the account is not an officer's.
    """
    known = Inquiry.objects.select_related("opened_by")
    if not answers_for_all(account):
        held = areas_of(account, Role.OFFICER)
        known = known.filter(
            reduce(or_, (Q(case__person__home_area__startswith=area) for area in held))
        )
    return list(known.order_by("-pk")[:most])


def window_of(inquiry: Inquiry) -> Window:
    """Return the person of the case with the infectious period."""
    return Window(inquiry.case.person_id, inquiry.infectious_from, inquiry.infectious_until)


def chain_of(inquiry: Inquiry) -> Chain:
    """Return the chain as known now; it reaches until the inquiry was opened."""
    (chain,) = trace([window_of(inquiry)], at=inquiry.opened_at)
    return chain


def presences_export(person_id: int) -> list[dict[str, object]]:
    """Return where a person was, ready for JSON, for the person's own export."""
    rows = list(Presence.objects.filter(person_id=person_id).order_by("starts"))
    places = Place.objects.in_bulk({row.place_id for row in rows})
    return [
        {
            "from": row.starts.isoformat(),
            "to": row.ends.isoformat(),
            "kind": places[row.place_id].kind,
            "place": places[row.place_id].name,
            "carriage": row.carriage,
            "row": row.seat_row,
        }
        for row in rows
        if row.place_id in places
    ]


def households_export(person_id: int) -> list[dict[str, object]]:
    """Return when a person lived in households, ready for JSON; it does not say with whom."""
    rows = Membership.objects.filter(person_id=person_id).order_by("starts")
    return [
        {"from": row.starts.isoformat(), "to": row.ends and row.ends.isoformat()} for row in rows
    ]
