"""A certificate as residents and officers send it, and what it attests."""

from typing import Any, Final

from rest_framework import serializers

from healthcode.evidence.certificates import ATTESTABLE, Entered
from healthcode.evidence.kinds import KINDS

_TRAITS: Final = sorted(trait.value for kind in ATTESTABLE for trait in KINDS[kind].traits)
# What a picture can hold, and the line breaks that it may have come to on its way.
LONGEST_TEXT: Final = 6000


class CertificateField(serializers.CharField):
    """The text of a certificate (`HC1:…`), untouched: spaces are part of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_TEXT, trim_whitespace=False, **options)


class AttestedAnswer(serializers.Serializer[Any]):
    """What is in the evidence now: a fact, and from when to when it holds."""

    evidence = serializers.IntegerField(help_text="Its number, to give when asking about it.")
    kind = serializers.CharField(help_text=", ".join(kind.value for kind in ATTESTABLE))
    traits = serializers.ListField(child=serializers.ChoiceField(choices=_TRAITS))
    country = serializers.CharField(help_text="Whose certificate it is, as ISO 3166.")

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which is a word of Python's and cannot be declared, and `to`."""
        return {
            **super().get_fields(),
            "from": serializers.DateTimeField(),
            "to": serializers.DateTimeField(),
        }


def attested_answer(entered: Entered) -> dict[str, Any]:
    """The members of `AttestedAnswer`."""
    return {
        "evidence": entered.evidence,
        "kind": entered.attested.kind.value,
        "traits": list(entered.attested.traits),
        "from": entered.attested.starts,
        "to": entered.attested.ends,
        "country": entered.attested.country,
    }
