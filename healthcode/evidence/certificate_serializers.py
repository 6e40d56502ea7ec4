"""Serializers for EU certificates: what residents and officers send, and the answer."""

from typing import Any, Final

from rest_framework import serializers

from healthcode.evidence.certificates import ATTESTABLE, Entered
from healthcode.evidence.kinds import KINDS

_TRAITS: Final = sorted(trait.value for kind in ATTESTABLE for trait in KINDS[kind].traits)
# A QR code holds at most 4296 characters; line breaks may have been added on the way.
LONGEST_TEXT: Final = 6000


class CertificateField(serializers.CharField):
    """The text of a certificate (`HC1:…`). It is not trimmed, because spaces belong to it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_TEXT, trim_whitespace=False, **options)


class AttestedAnswer(serializers.Serializer[Any]):
    """The evidence recorded from a certificate, and from when to when it holds."""

    evidence = serializers.IntegerField(help_text="Its number, to use in questions about it.")
    kind = serializers.CharField(help_text=", ".join(kind.value for kind in ATTESTABLE))
    traits = serializers.ListField(child=serializers.ChoiceField(choices=_TRAITS))
    country = serializers.CharField(help_text="The country that signed it (ISO 3166).")

    def get_fields(self) -> dict[str, Any]:
        """Add `from` and `to`; `from` is a keyword of Python, so it cannot be a class attribute."""
        return {
            **super().get_fields(),
            "from": serializers.DateTimeField(),
            "to": serializers.DateTimeField(),
        }


def attested_answer(entered: Entered) -> dict[str, Any]:
    """Return the members of `AttestedAnswer`."""
    return {
        "evidence": entered.evidence,
        "kind": entered.attested.kind.value,
        "traits": list(entered.attested.traits),
        "from": entered.attested.starts,
        "to": entered.attested.ends,
        "country": entered.attested.country,
    }
