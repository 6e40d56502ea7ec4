"""Input and output of the HTTP interface for withdrawals."""

from typing import Any

from rest_framework import serializers

from healthcode.acts.grounds import GroundField
from healthcode.web.fields import StrictSerializer


class WithdrawalInput(StrictSerializer):
    """The ground: why the evidence is withdrawn. It is kept for good."""

    ground = GroundField()


class WithdrawalAnswer(serializers.Serializer[Any]):
    """The numbers of the evidence, of the act that withdrew it, and of the recomputation."""

    evidence = serializers.IntegerField()
    act = serializers.IntegerField()
    recomputation = serializers.IntegerField()
