"""Input of a declaration, whoever gives it: the person or an officer at the desk."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from healthcode.evidence.declarations import MAX_STAYS, Declaration, Stay
from healthcode.evidence.fields import AreaCode, Choice, PeriodSerializer, Temperature, YesNo
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


class DeclaredInput(StrictSerializer):
    """What somebody declares about a person: health, contact with a case, and places.

    The context needs `at` (an aware datetime).
    """

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
