"""Serializer bases that are strict about what they take in."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses members it does not know: a misspelt one would otherwise be lost in silence."""

    def to_internal_value(self, data: Any) -> Any:
        """Validate as usual after checking for unknown members.

        Raises:
            ValidationError: naming every unknown member.
        """
        if isinstance(data, dict):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError(
                    {name: [_("There is no such member here.")] for name in sorted(unknown)}
                )
        return super().to_internal_value(data)
