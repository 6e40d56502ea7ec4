"""Input and output of the HTTP interface for withdrawals."""

from typing import Any

from rest_framework import serializers

from healthcode.acts.grounds import GroundedInput
from healthcode.colours.answers import COLOURS
from healthcode.colours.models import Recomputation
from healthcode.officers.held_lines.serializers import ByColourAnswer
from healthcode.officers.withdrawals.together import ForeseenWithdrawal


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


class SourceCount(serializers.Serializer[Any]):
    """A source, by its user name, and how many of the facts it reported."""

    name = serializers.CharField()
    facts = serializers.IntegerField()


class TogetherPreview(serializers.Serializer[Any]):
    """What withdrawing the evidence of a report or an act would do.

    `derived` facts follow from them and fall with them. `others` are facts of the same report or
    act that stay, because officers of other areas answer for them.
    """

    facts = serializers.IntegerField()
    derived = serializers.IntegerField()
    others = serializers.IntegerField()
    people = serializers.IntegerField()
    kind = serializers.CharField()
    sources = SourceCount(many=True)
    before = ByColourAnswer()
    after = ByColourAnswer()
    worse = serializers.IntegerField()


class TogetherAnswer(serializers.Serializer[Any]):
    """The act, how many facts it withdrew (derived ones included), and the recomputation."""

    act = serializers.IntegerField()
    facts = serializers.IntegerField()
    recomputation = serializers.IntegerField()


def together_preview(preview: ForeseenWithdrawal) -> dict[str, Any]:
    """Return the members of `TogetherPreview`."""
    effect = preview.effect
    counted = ("facts", "derived", "others", "people", "kind", "sources")
    return {
        **{member: preview.facts[member] for member in counted},
        "before": dict(zip(COLOURS, effect.before, strict=True)),
        "after": dict(zip(COLOURS, effect.after, strict=True)),
        "worse": effect.worse,
    }


def together_answer(run: Recomputation) -> dict[str, Any]:
    """Return the members of `TogetherAnswer`."""
    act = run.act
    if act is None:
        raise LookupError("the recomputation of a withdrawal has an act")
    facts = act.detail["facts"] + act.detail["derived"]
    return {"act": act.pk, "facts": facts, "recomputation": run.pk}
