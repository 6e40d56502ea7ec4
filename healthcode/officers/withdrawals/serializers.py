"""What a withdrawal takes and gives."""

from typing import Any

from rest_framework import serializers

from healthcode.acts.grounds import GroundField
from healthcode.web.fields import StrictSerializer


class WithdrawalInput(StrictSerializer):
    """Why a piece of evidence was wrong, in words that may be read for years."""

    ground = GroundField()


class WithdrawalAnswer(serializers.Serializer[Any]):
    """The act that withdrew the evidence, and the recomputation that follows."""

    evidence = serializers.IntegerField()
    act = serializers.IntegerField()
    recomputation = serializers.IntegerField()
