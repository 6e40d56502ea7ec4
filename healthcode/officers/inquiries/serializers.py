"""Input and output of the HTTP interface for inquiries."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from healthcode.acts.grounds import GroundedInput
from healthcode.colours.models import Recomputation
from healthcode.core import Colour
from healthcode.evidence.fields import (
    Identifier,
    Moment,
    PeriodSerializer,
)
from healthcode.tracing.kinds import TIME_NEEDED, PlaceKind, Strength, fits_in_days
from healthcode.tracing.meetings import meetings_of
from healthcode.tracing.models import Inquiry
from healthcode.tracing.services import Preview
from healthcode.tracing.trace import Encounter


class OpeningInput(GroundedInput):
    """A case (the number of its evidence), its infectious period, and the ground."""

    case = Identifier()
    infectious_from = Moment(required=False, allow_null=True, default=None)
    infectious_until = Moment(ends=True, required=False, allow_null=True, default=None)


class ConfirmationInput(GroundedInput):
    """The ground, and the fingerprint of the chain that the officer checked."""

    fingerprint = serializers.CharField(max_length=64)


class MeetingInput(GroundedInput, PeriodSerializer):
    """The person whom the case met, from when to when, and the ground for entering this."""

    person = Identifier()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a meeting given in days that is longer than a meeting can be.

        Raises:
            ValidationError: under `from`; and see `PeriodSerializer`.
        """
        found = super().validate(attrs)
        fits = fits_in_days(PlaceKind.MEETING, found["starts"], found["ends"])
        if found.pop("by_day") and not fits:
            raise serializers.ValidationError({"from": TIME_NEEDED})
        return found


class RetractionInput(GroundedInput):
    """The ground for taking back a meeting."""


class ContactAnswer(serializers.Serializer[Any]):
    """A person who met the case: the latest of `times` encounters of this strength."""

    person = serializers.IntegerField()
    strength = serializers.ChoiceField(choices=[str(strength) for strength in Strength])
    kind = serializers.ChoiceField(choices=PlaceKind.choices, help_text="The kind of place.")
    place = serializers.CharField(allow_blank=True)
    starts = serializers.DateTimeField()
    ends = serializers.DateTimeField()
    times = serializers.IntegerField()


class SecondaryAnswer(ContactAnswer):
    """A person who met a close contact of the case."""

    of = serializers.IntegerField(help_text="The close contact.")


class MeetingAnswer(serializers.Serializer[Any]):
    """A meeting that the case told an officer about."""

    id = serializers.IntegerField()
    person = serializers.IntegerField()
    starts = serializers.DateTimeField()
    ends = serializers.DateTimeField()
    ground = serializers.CharField()


class MeetingActAnswer(serializers.Serializer[Any]):
    """The number of a meeting, and the act that entered it or took it back."""

    id = serializers.IntegerField()
    act = serializers.IntegerField()


class ColoursAnswer(serializers.Serializer[Any]):
    """How many people have each colour."""

    green = serializers.IntegerField()
    yellow = serializers.IntegerField()
    red = serializers.IntegerField()


class PeopleAnswer(serializers.Serializer[Any]):
    """The people of the chain by colour: `now`, and `then` if the chain were confirmed."""

    people = serializers.IntegerField()
    changed = serializers.IntegerField()
    now = ColoursAnswer()
    then = ColoursAnswer()


class InquiryAnswer(serializers.Serializer[Any]):
    """An inquiry, its chain of contacts as known now, and what confirming it would change."""

    id = serializers.IntegerField()
    case = serializers.IntegerField(help_text="The evidence number of the case.")
    infectious_from = serializers.DateTimeField()
    infectious_until = serializers.DateTimeField()
    is_placed = serializers.BooleanField(help_text="Whether all scans have been searched.")
    opened_by = serializers.IntegerField(help_text="The number of the act.")
    confirmed_by = serializers.IntegerField(
        allow_null=True, help_text="The number of the act; null until confirmed."
    )
    meetings = MeetingAnswer(many=True, help_text="Meetings that the case told about.")
    contacts = ContactAnswer(many=True)
    secondary = SecondaryAnswer(many=True)
    people = PeopleAnswer()
    fingerprint = serializers.CharField()


class ConfirmationAnswer(serializers.Serializer[Any]):
    """The number of the act, and of the recomputation that recolours the contacts."""

    act = serializers.IntegerField()
    recomputation = serializers.IntegerField()


def inquiry_answer(inquiry: Inquiry, preview: Preview) -> dict[str, Any]:
    """Return the members of `InquiryAnswer`."""
    answer = {
        "id": inquiry.pk,
        "case": inquiry.case_id,
        "infectious_from": inquiry.infectious_from,
        "infectious_until": inquiry.infectious_until,
        "is_placed": inquiry.placed_at is not None,
        "opened_by": inquiry.opened_by_id,
        "confirmed_by": inquiry.confirmed_by_id,
        "meetings": meetings_of(inquiry),
        "contacts": [_contact(met) for met in preview.chain.contacts],
        "secondary": [
            {**_contact(second.encounter), "strength": Strength.SECONDARY, "of": second.of}
            for second in preview.chain.secondary
        ],
        "people": {
            "people": preview.people.people,
            "changed": preview.people.changed,
            "now": _by_colour(preview.people.now),
            "then": _by_colour(preview.people.then),
        },
        "fingerprint": preview.fingerprint,
    }
    return dict(InquiryAnswer(answer).data)


def confirmation_answer(run: Recomputation) -> dict[str, Any]:
    """Return the members of `ConfirmationAnswer`."""
    return {"act": run.act_id, "recomputation": run.pk}


def _contact(met: Encounter) -> dict[str, Any]:
    return {
        "person": met.person,
        "strength": met.strength,
        "kind": met.kind,
        "place": met.name,
        "starts": met.starts,
        "ends": met.ends,
        "times": met.times,
    }


def _by_colour(counts: Mapping[Colour, int]) -> dict[str, int]:
    return {colour.label: counts[colour] for colour in Colour}
