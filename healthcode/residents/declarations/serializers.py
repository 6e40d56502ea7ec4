"""Input and output of the declaring half of the HTTP interface."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from healthcode.evidence.declarations import MAX_STAYS, CheckIn, Declaration, Stay
from healthcode.evidence.fields import (
    AreaCode,
    Choice,
    Identifier,
    PeriodSerializer,
    Temperature,
    YesNo,
)
from healthcode.evidence.traits import Symptom
from healthcode.web.fields import StrictSerializer


class SymptomList(serializers.ListField):
    """Symptoms from the closed list; empty when there are none, named twice counts once."""

    child = Choice(choices=Symptom.choices)

    def to_internal_value(self, data: Any) -> list[str]:
        """Read the list in the order in which the symptoms are declared.

        Raises:
            ValidationError: for anything that is not in the list.
        """
        found = set(super().to_internal_value(data))
        return [symptom.value for symptom in Symptom if symptom.value in found]


class StayInput(PeriodSerializer):
    """Where the person was; the days count whole, the last one too."""

    area = AreaCode()


class DeclarationInput(StrictSerializer):
    """A declaration for a person one looks after."""

    person = Identifier()
    symptoms = SymptomList()
    temperature = Temperature(required=False, allow_null=True, default=None)
    stays = serializers.ListField(
        child=StayInput(),
        max_length=MAX_STAYS,
        error_messages={"max_length": _("Please list at most {max_length} places.")},
    )
    contact_with_case = YesNo()

    def declaration(self) -> Declaration:
        """The declaration that the validated input is."""
        given = self.validated_data
        return Declaration(
            symptoms=tuple(given["symptoms"]),
            temperature=given["temperature"],
            contact_with_case=given["contact_with_case"],
            stays=tuple(Stay(s["area"], s["starts"], s["ends"]) for s in given["stays"]),
        )


class CheckInInput(StrictSerializer):
    """Today's check-in for a person one looks after."""

    person = Identifier()
    temperature = Temperature()
    symptoms = SymptomList()

    def check_in(self) -> CheckIn:
        """The check-in that the validated input is."""
        given = self.validated_data
        return CheckIn(symptoms=tuple(given["symptoms"]), temperature=given["temperature"])


class SymptomAnswer(serializers.Serializer[Any]):
    """A symptom's code, as declarations use it, and its names."""

    code = serializers.CharField()
    zh = serializers.CharField()
    en = serializers.CharField()
