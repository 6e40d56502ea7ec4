"""Describe decisions for the HTTP interface."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from healthcode.colours.origins import Reporter
from healthcode.colours.reasons import ColourReason
from healthcode.colours.selectors import PersonDecision
from healthcode.core import Colour

COLOURS = [colour.label for colour in Colour]


class NeedsAnswer(serializers.Serializer[Any]):
    """What must still happen before a reason ends, besides time passing."""

    kind = serializers.ChoiceField(choices=["check_ins", "negative_tests"])
    done = serializers.IntegerField(
        help_text="How many count so far. A missed day starts the count again."
    )
    needed = serializers.IntegerField()
    hours_apart = serializers.IntegerField(allow_null=True)


class OriginAnswer(serializers.Serializer[Any]):
    """Who reported the evidence, and when."""

    reporter = serializers.ChoiceField(
        choices=list(Reporter),
        help_text="you: the person; guardian: somebody who looks after the person; institution: a "
        "source, such as a hospital; authority: an officer, or tracing that an officer confirmed.",
    )
    name = serializers.CharField(
        allow_null=True, help_text="The public name of the institution, if it has one."
    )
    at = serializers.DateTimeField()


class PublicActAnswer(serializers.Serializer[Any]):
    """The act by which the reason counts. It never names the officer."""

    number = serializers.IntegerField()
    kind = serializers.CharField()
    at = serializers.DateTimeField()
    area = serializers.CharField(
        help_text="The city or province of the office; empty for the whole country."
    )
    area_name = serializers.CharField()
    proof = serializers.CharField(
        help_text="The address of a file which proves that the act is in the public log."
    )


class ReasonAnswer(serializers.Serializer[Any]):
    """One reason: the rule, the evidence behind it, and when and how it ends."""

    text = serializers.CharField(help_text="In the language of Accept-Language.")
    colour = serializers.ChoiceField(choices=COLOURS)
    rule = serializers.CharField()
    policy = serializers.IntegerField()
    evidence = serializers.IntegerField(
        help_text="The number of this evidence. Quote it when you ask about it."
    )
    area = serializers.CharField(allow_null=True)
    area_name = serializers.CharField(allow_null=True)
    level = serializers.CharField(allow_null=True)
    act = serializers.IntegerField(allow_null=True, help_text="The act that set the level.")
    reported_by = OriginAnswer()
    public_act = PublicActAnswer(allow_null=True, help_text="Null: no act is behind this reason.")
    since = serializers.DateTimeField()
    exposed_until = serializers.DateTimeField(allow_null=True)
    holds_until = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True, help_text="Null: not known yet.")
    needs = NeedsAnswer(allow_null=True)


class ColourAnswer(serializers.Serializer[Any]):
    """A person's colour, since when, until when (null: not known yet), and why."""

    colour = serializers.ChoiceField(choices=COLOURS)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    reasons = ReasonAnswer(many=True)
    policy = serializers.IntegerField(help_text="The version of the policy that decided.")


def colour_answer(decision: PersonDecision) -> dict[str, Any]:
    """Return the members of `ColourAnswer`."""
    answer = ColourAnswer(
        {
            "colour": Colour(decision.colour).label,
            "since": decision.since,
            "until": decision.until,
            "reasons": reason_answers(decision.reasons),
            "policy": decision.policy,
        }
    )
    return dict(answer.data)


def reason_answers(reasons: Iterable[ColourReason]) -> list[dict[str, Any]]:
    """Return the members of `ReasonAnswer` for each of `reasons`."""
    return [
        {
            "text": reason.text,
            "colour": reason.colour.label,
            "rule": reason.rule,
            "policy": reason.policy,
            "evidence": reason.evidence,
            "area": reason.area,
            "area_name": reason.area_name,
            "level": None if reason.level is None else reason.level.label,
            "act": reason.act,
            "reported_by": {
                "reporter": reason.origin.reporter,
                "name": reason.origin.name or None,
                "at": reason.origin.at,
            },
            "public_act": reason.public_act,
            "since": reason.starts,
            "exposed_until": reason.exposed_until,
            "holds_until": reason.holds_until,
            "until": reason.until,
            "needs": reason.needs,
        }
        for reason in reasons
    ]
