"""Read the lines of evidence that sources send, and convert them to facts.

This module does not use the database. Others look up the people and areas of all lines at once.
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
    """A well-formed line: a fact about a person who has not been looked up yet.

    `holder` is the person's number, or the type and number of their document. The other members
    are those of `Evidence`.
    """

    holder: int | DocumentNumber
    kind: EvidenceKind
    starts: datetime
    starts_by: datetime | None
    ends: datetime | None
    area: str | None
    traits: tuple[str, ...]
    reference: str | None

    def fact(self, person: int, line: int) -> NewFact:
        """Return the fact about `person`, whom the holder of this line turned out to be."""
        return NewFact(
            person=person,
            kind=self.kind,
            starts=self.starts,
            starts_by=self.starts_by,
            ends=self.ends,
            area=self.area,
            traits=self.traits,
            reference=self.reference,
            line=line,
        )


def words(kind: EvidenceKind) -> list[str]:
    """Return the traits that sources may write for this kind."""
    return [trait.value for trait in KINDS[kind].traits]


class HolderSerializer(StrictSerializer):
    """The person in question: either `person`, or `id_type` and `id_number`."""

    person = Identifier(required=False)
    id_type = Choice(choices=IdType.values, required=False)
    id_number = serializers.CharField(max_length=32, required=False, trim_whitespace=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that the person is given in exactly one of the two ways.

        Raises:
            ValidationError: in neither way, or in both.
        """
        by_document = {"id_type", "id_number"} & attrs.keys()
        if ("person" in attrs) == bool(by_document) or len(by_document) == 1:
            raise serializers.ValidationError(
                _("Say who the person is: give either `person`, or both `id_type` and `id_number`.")
            )
        return attrs


def holder_of(found: Mapping[str, Any]) -> int | DocumentNumber:
    """Return the holder from the validated data of a `HolderSerializer`."""
    return found["person"] if "person" in found else (found["id_type"], found["id_number"])


class LineSerializer(HolderSerializer):
    """Members that every line has: the person, and the source's own reference for the fact."""

    reference = serializers.CharField(max_length=64, required=False, allow_null=True)


class StayLine(PeriodSerializer, LineSerializer):
    """A stay: a person was in an area."""

    area = AreaCode()


class ContactLine(PeriodSerializer, LineSerializer):
    """A contact: a person was near a case, or near a close contact of a case."""

    strength = Choice(choices=words(EvidenceKind.CONTACT))


class CaseLine(LineSerializer):
    """A case: a person is infected, or suspected to be, until they have recovered."""

    status = Choice(choices=words(EvidenceKind.CASE))
    confirmed_at = Span()
    recovered_at = Moment(source="ends", ends=True, required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that the recovery is later than the confirmation. A case may be of any length.

        Raises:
            ValidationError: under the member that is wrong.
        """
        starts, starts_by = attrs.pop("confirmed_at")
        members = ("confirmed_at", "recovered_at")
        check_period(starts, attrs["ends"], at=self.context["at"], members=members, longest=None)
        by_day = {"starts_by": starts_by} if starts_by > starts else {}
        return super().validate({**attrs, "starts": starts, **by_day})


class TestLine(LineSerializer):
    """A test result. Its time is that of the sampling, to the minute or to the day."""

    result = Choice(choices=words(EvidenceKind.TEST))
    sampled_at = Span()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that the sample was taken in the past.

        Raises:
            ValidationError: it was taken in the future.
        """
        starts, ends = attrs.pop("sampled_at")
        check_past(starts, at=self.context["at"], member="sampled_at")
        return super().validate({**attrs, "starts": starts, "ends": ends})


@dataclass(frozen=True, slots=True)
class Form:
    """The serializer of lines of one kind, and the member that becomes the fact's trait."""

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
    """Reads many lines of one kind; `at` is the time against which it checks the dates."""

    def __init__(self, kind: str, *, at: datetime) -> None:
        self.form = FORMS[kind]
        # Use one serializer for all lines: building its fields takes longer than reading a line.
        self.serializer = self.form.serializer(context={"at": at})

    def read(self, data: object) -> EvidenceLine:
        """Read a line from its JSON value.

        Raises:
            ValidationError: the line is wrong. The message does not repeat its content.
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
