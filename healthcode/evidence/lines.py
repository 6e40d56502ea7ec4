"""Lines of evidence as sources send them: what each kind consists of, and the fact it becomes.

Nothing here asks the database: whether people and areas exist is looked up for all lines at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.models import IdType
from healthcode.evidence.fields import (
    AreaCode,
    Choice,
    Identifier,
    Moment,
    PeriodSerializer,
    Span,
    check_past,
    check_period,
)
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import NewFact
from healthcode.web.fields import StrictSerializer

DocumentNumber = tuple[str, str]


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """A line that is well-formed: a fact about a person yet to be found.

    `holder` is the person's number, or the type and number of their document.
    """

    holder: int | DocumentNumber
    kind: EvidenceKind
    starts: datetime
    starts_by: datetime | None
    ends: datetime | None
    area: str | None
    traits: tuple[str, ...]
    reference: str | None

    def fact(self, person: int) -> NewFact:
        """The fact, now that the holder is known to be `person`."""
        return NewFact(
            person=person,
            kind=self.kind,
            starts=self.starts,
            starts_by=self.starts_by,
            ends=self.ends,
            area=self.area,
            traits=self.traits,
            reference=self.reference,
        )


def words(kind: EvidenceKind) -> list[str]:
    """The traits of a kind, as sources write them."""
    return [trait.value for trait in KINDS[kind].traits]


class HolderSerializer(StrictSerializer):
    """Whom something is about: `person`, or `id_type` and `id_number`."""

    person = Identifier(required=False)
    id_type = Choice(choices=IdType.values, required=False)
    id_number = serializers.CharField(max_length=32, required=False, trim_whitespace=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that exactly one way of naming the person was used.

        Raises:
            ValidationError: when neither or both were.
        """
        by_document = {"id_type", "id_number"} & attrs.keys()
        if ("person" in attrs) == bool(by_document) or len(by_document) == 1:
            raise serializers.ValidationError(
                _("Say who the person is: give either `person`, or both `id_type` and `id_number`.")
            )
        return attrs


def holder_of(found: Mapping[str, Any]) -> int | DocumentNumber:
    """The holder that a validated `HolderSerializer` names."""
    return found["person"] if "person" in found else (found["id_type"], found["id_number"])


class LineSerializer(HolderSerializer):
    """What every line has: whom it is about, and the source's reference."""

    reference = serializers.CharField(max_length=64, required=False, allow_null=True)


class StayLine(PeriodSerializer, LineSerializer):
    """A person was in an area."""

    area = AreaCode()


class ContactLine(PeriodSerializer, LineSerializer):
    """A person was near a case, or near somebody who was."""

    strength = Choice(choices=words(EvidenceKind.CONTACT))


class CaseLine(LineSerializer):
    """A person is a case, until they have recovered."""

    status = Choice(choices=words(EvidenceKind.CASE))
    confirmed_at = Span()
    recovered_at = Moment(source="ends", ends=True, required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the order of the two; a case may last longer than a stay.

        Raises:
            ValidationError: naming the member that is wrong.
        """
        starts, starts_by = attrs.pop("confirmed_at")
        members = ("confirmed_at", "recovered_at")
        check_period(starts, attrs["ends"], at=self.context["at"], members=members, longest=None)
        by_day = {"starts_by": starts_by} if starts_by > starts else {}
        return super().validate({**attrs, "starts": starts, **by_day})


class TestLine(LineSerializer):
    """A test had a result; it speaks of the moment of sampling, known to the day at least."""

    result = Choice(choices=words(EvidenceKind.TEST))
    sampled_at = Span()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that the sample was taken in the past.

        Raises:
            ValidationError: when it was not.
        """
        starts, ends = attrs.pop("sampled_at")
        check_past(starts, at=self.context["at"], member="sampled_at")
        return super().validate({**attrs, "starts": starts, "ends": ends})


@dataclass(frozen=True, slots=True)
class Form:
    """How lines of one kind look, and which member says the fact's trait."""

    kind: EvidenceKind
    serializer: type[LineSerializer]
    trait: str | None


_FORMS: Final = (
    Form(EvidenceKind.STAY, StayLine, None),
    Form(EvidenceKind.CONTACT, ContactLine, "strength"),
    Form(EvidenceKind.CASE, CaseLine, "status"),
    Form(EvidenceKind.TEST, TestLine, "result"),
)
FORMS: Final[Mapping[str, Form]] = {
    called: form for form in _FORMS if (called := KINDS[form.kind].reported_as)
}


class Reader:
    """Reads lines of one kind, one after the other, as of one time."""

    def __init__(self, kind: str, *, at: datetime) -> None:
        self.form = FORMS[kind]
        # One serializer for all lines: building its fields costs more than a line does.
        self.serializer = self.form.serializer(context={"at": at})

    def read(self, data: object) -> EvidenceLine:
        """The line that `data`, a JSON value, is.

        Raises:
            ValidationError: saying what is wrong with it, without repeating it.
        """
        found = self.serializer.run_validation(data)
        return EvidenceLine(
            holder=holder_of(found),
            kind=self.form.kind,
            starts=found["starts"],
            starts_by=found.get("starts_by"),
            ends=found["ends"],
            area=found.get("area"),
            traits=(found[self.form.trait],) if self.form.trait else (),
            reference=found.get("reference"),
        )
