"""Input and output of the HTTP interface for withdrawals."""

from typing import Any

from rest_framework import serializers

from healthcode.acts.grounds import GroundedInput
from healthcode.colours.models import Recomputation


class WithdrawalInput(GroundedInput):
    """The ground: why the evidence is withdrawn. It is kept for good."""


class WithdrawalAnswer(serializers.Serializer[Any]):
    """The numbers of the evidence, of the act that withdrew it, and of the recomputation."""

    evidence = serializers.IntegerField()
    act = serializers.IntegerField()
    recomputation = serializers.IntegerField()


def withdrawal_answer(evidence: int, run: Recomputation) -> dict[str, Any]:
    """Return the members of `WithdrawalAnswer`."""
    return {"evidence": evidence, "act": run.act_id, "recomputation": run.pk}
