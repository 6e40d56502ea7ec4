"""The words in which pages say what evidence is about."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcode.evidence.models import Evidence
from healthcode.evidence.traits import Symptom, Trait

TRAITS: Final[Mapping[str, Promise]] = {
    Trait.HEALTHY: _("healthy"),
    Trait.SYMPTOMS: _("symptoms"),
    Trait.FEVER: _("fever"),
    Trait.CONTACT_WITH_CASE: _("contact with a case"),
    Trait.CLOSE: _("close contact"),
    Trait.SECONDARY: _("contact of a contact"),
    Trait.CASUAL: _("casual contact"),
    Trait.DOUBTFUL: _("doubtful contact"),
    Trait.CONFIRMED: _("infection confirmed"),
    Trait.ASYMPTOMATIC: _("without symptoms"),
    Trait.SUSPECTED: _("suspected"),
    Trait.POSITIVE: _("positive"),
    Trait.NEGATIVE: _("negative"),
    Trait.ANTIGEN_NEGATIVE: _("negative (rapid antigen test)"),
    Trait.COMPLETE: _("all doses"),
    Trait.INCOMPLETE: _("not all doses yet"),
}


def words_of(fact: Evidence) -> list[str]:
    """Return the traits and the symptoms of a fact in the reader's language."""
    symptoms = fact.detail.get("symptoms", [])
    named = [str(Symptom(symptom).label) for symptom in symptoms if symptom in Symptom.values]
    return [str(TRAITS[trait]) for trait in fact.traits if trait in TRAITS] + named
