"""Everything that the service knows of one person, as JSON can hold it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from accounts.selectors import registration_of
from healthcode.areas.selectors import names
from healthcode.colours.models import ColourChange
from healthcode.colours.selectors import colour_of, decision_of
from healthcode.core import Colour
from healthcode.evidence.models import Evidence
from healthcode.residents.subject_access.scans import scans_of
from healthcode.tracing.models import Membership, Place, Presence
from verifier.models import Venue

FORMAT: Final = "health-code-person/1"

Record = Mapping[str, object]


def export(person_id: int, *, at: datetime) -> Record:
    """All that is kept about a person, unmasked: for themselves, and nobody else.

    Of others it says nothing: neither who reported a fact, nor whose case a contact was of.

    Raises:
        Person.DoesNotExist: there is no such person.
        DoesNotSign: this process has not the key that tells whose a scan was.
        NoPolicy: when no policy is in force.
    """
    return {
        "format": FORMAT,
        "made_at": at.isoformat(),
        "registration": registration_of(person_id),
        "colour": _colour(person_id, at),
        "changes": _changes(person_id),
        "evidence": _evidence(person_id),
        "presences": _presences(person_id),
        "households": _households(person_id),
        "scans": _scans(person_id, at),
    }


def _colour(person_id: int, at: datetime) -> Record | None:
    if colour_of(person_id) is None:
        return None
    decision = decision_of(person_id, at)
    return {
        "colour": Colour(decision.colour).label,
        "since": decision.since.isoformat(),
        "until": decision.until and decision.until.isoformat(),
        "policy": decision.policy,
        "reasons": [
            {"rule": reason.rule, "text": reason.text, "evidence": reason.evidence}
            for reason in decision.reasons
        ],
    }


def _changes(person_id: int) -> list[Record]:
    rows = ColourChange.objects.filter(person_id=person_id).order_by("number")
    return [
        {
            "at": row.at.isoformat(),
            "before": Colour(row.before).label,
            "after": Colour(row.after).label,
        }
        for row in rows
    ]


def _evidence(person_id: int) -> list[Record]:
    facts = list(Evidence.objects.filter(person_id=person_id).order_by("starts", "id"))
    known = names({fact.area_id for fact in facts if fact.area_id})
    return [
        {
            "id": fact.pk,
            "kind": fact.kind,
            "from": fact.starts.isoformat(),
            "to": fact.ends and fact.ends.isoformat(),
            "area": fact.area_id,
            "area_name": fact.area_id and known[fact.area_id],
            "traits": fact.traits,
            "detail": fact.detail,
            "received_at": fact.received_at.isoformat(),
            "withdrawn_by_act": fact.withdrawn_by_id,
        }
        for fact in facts
    ]


def _presences(person_id: int) -> list[Record]:
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


def _households(person_id: int) -> list[Record]:
    rows = Membership.objects.filter(person_id=person_id).order_by("starts")
    return [
        {"from": row.starts.isoformat(), "to": row.ends and row.ends.isoformat()} for row in rows
    ]


def _scans(person_id: int, at: datetime) -> list[Record]:
    rows = list(scans_of(person_id, at=at).order_by("scanned_at"))
    venues = Venue.objects.in_bulk({row.venue_id for row in rows})
    return [
        {
            "at": row.scanned_at.isoformat(),
            "venue": venues[row.venue_id].name,
            "outcome": row.outcome,
            "reason": row.reason,
        }
        for row in rows
    ]
