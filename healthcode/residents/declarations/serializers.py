"""Input and output for declarations and check-ins over the HTTP interface."""

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
    """Symptoms from the closed list. The list may be empty; repetitions count once."""

    child = Choice(choices=Symptom.choices)

    def to_internal_value(self, data: Any) -> list[str]:
        """Sort the symptoms into the order of the closed list.

        Raises:
            ValidationError: for anything that is not in the list.
        """
        found = set(super().to_internal_value(data))
        return [symptom.value for symptom in Symptom if symptom.value in found]


class StayInput(PeriodSerializer):
    """Where the person was. The first and the last day count as whole days."""

    area = AreaCode()


class DeclarationInput(StrictSerializer):
    """A declaration for yourself or for somebody you look after."""

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
        """Return the validated input as a `Declaration`."""
        given = self.validated_data
        return Declaration(
            symptoms=tuple(given["symptoms"]),
            temperature=given["temperature"],
            contact_with_case=given["contact_with_case"],
            stays=tuple(Stay(s["area"], s["starts"], s["ends"]) for s in given["stays"]),
        )


class CheckInInput(StrictSerializer):
    """Today's check-in for yourself or for somebody you look after."""

    person = Identifier()
    temperature = Temperature()
    symptoms = SymptomList()

    def check_in(self) -> CheckIn:
        """Return the validated input as a `CheckIn`."""
        given = self.validated_data
        return CheckIn(symptoms=tuple(given["symptoms"]), temperature=given["temperature"])


class SymptomAnswer(serializers.Serializer[Any]):
    """The code of a symptom, as declarations use it, and its names."""

    code = serializers.CharField()
    zh = serializers.CharField()
    en = serializers.CharField()
