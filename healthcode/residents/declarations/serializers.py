"""Input and output for declarations and check-ins over the HTTP interface."""

from typing import Any

from rest_framework import serializers

from healthcode.evidence.declaration_input import DeclaredInput, SymptomList
from healthcode.evidence.declarations import CheckIn
from healthcode.evidence.fields import Identifier, Temperature
from healthcode.web.fields import StrictSerializer


class DeclarationInput(DeclaredInput):
    """A declaration for yourself or for somebody you look after."""

    person = Identifier()


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
