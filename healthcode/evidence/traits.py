"""Traits: the closed list of words that facts carry and that the rules of a policy match.

`healthcode.evidence.kinds` says which kind of evidence may have which traits. The words are part of
policy files and of the HTTP interface, so never rename or reuse one.
"""

from collections.abc import Collection
from decimal import Decimal
from enum import StrEnum
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

# Axillary temperature from which somebody counts as feverish: Protocol on Prevention and Control
# of COVID-19 (edition 5, National Health Commission, 21 February 2020), "fever (>= 37.3 °C)".
FEVER_FROM: Final = Decimal("37.3")


class Trait(StrEnum):
    """A word that says more about a fact than its kind and time, such as a test's result."""

    HEALTHY = "healthy"
    SYMPTOMS = "symptoms"
    FEVER = "fever"
    CONTACT_WITH_CASE = "contact_with_case"
    CLOSE = "close"
    SECONDARY = "secondary"
    CASUAL = "casual"
    DOUBTFUL = "doubtful"
    CONFIRMED = "confirmed"
    ASYMPTOMATIC = "asymptomatic"
    SUSPECTED = "suspected"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    ANTIGEN_NEGATIVE = "antigen_negative"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class Symptom(models.TextChoices):
    """A symptom that forms ask for, in this order."""

    FEVER = "fever", _("Fever")
    COUGH = "cough", _("Cough")
    FATIGUE = "fatigue", _("Tiredness")
    SORE_THROAT = "sore_throat", _("Sore throat")
    DYSPNOEA = "dyspnoea", _("Short of breath")
    DIARRHOEA = "diarrhoea", _("Diarrhoea")
    LOSS_OF_SMELL = "loss_of_smell", _("Loss of smell or taste")
    HEADACHE = "headache", _("Headache")
    MUSCLE_PAIN = "muscle_pain", _("Muscle pain")
    RUNNY_NOSE = "runny_nose", _("Blocked or runny nose")


def traits_of_health(symptoms: Collection[str], temperature: Decimal | None) -> tuple[str, ...]:
    """Return the traits for `symptoms` (values of `Symptom`) and a temperature in °C.

    The result is empty for somebody who is well.
    """
    feverish = temperature is not None and temperature >= FEVER_FROM
    found: list[str] = []
    if symptoms:
        found.append(Trait.SYMPTOMS)
    if feverish or Symptom.FEVER in symptoms:
        found.append(Trait.FEVER)
    return tuple(found)
