"""Tell somebody that an act waits for a second person: by the interface, or by a command."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import Role
from healthcode.acts.effects import Effect
from healthcode.acts.models import Proposal


class CountsAnswer(serializers.Serializer[Any]):
    """How many of the people concerned have each colour."""

    green = serializers.IntegerField()
    yellow = serializers.IntegerField()
    red = serializers.IntegerField()


class ForeseenAnswer(serializers.Serializer[Any]):
    """What the act would do; `homes` counts who changes colour by the county of their home."""

    area = serializers.CharField(allow_blank=True)
    before = CountsAnswer()
    after = CountsAnswer()
    worse = serializers.IntegerField(help_text="How many people would get a stricter colour.")
    homes = serializers.DictField(child=serializers.IntegerField())
    facts = serializers.DictField(help_text="What else the act would do; it depends on the kind.")


class WaitingProposalAnswer(serializers.Serializer[Any]):
    """The number of a proposal, and what its confirmation needs."""

    id = serializers.IntegerField()
    fingerprint = serializers.CharField()
    expires_at = serializers.DateTimeField()


class WaitingAnswer(serializers.Serializer[Any]):
    """Nothing is done yet: another person must confirm this proposal."""

    proposal = WaitingProposalAnswer()
    preview = ForeseenAnswer()


def waiting_answer(proposal: Proposal) -> Response:
    """Return the answer 202 for an act that waits."""
    answer = {"proposal": proposal, "preview": preview_answer(proposal.preview)}
    return Response(WaitingAnswer(answer).data, status=202)


def waiting_told(proposal: Proposal) -> str:
    """Return what a command prints for an act that waits."""
    until = proposal.expires_at.isoformat(timespec="minutes")
    area = proposal.area or "the whole country"
    who = "Another officer"
    if proposal.role == Role.ADMINISTRATOR:
        who = f"Another administrator, or an officer, of {area}"
    return (
        f"Proposal {proposal.pk} waits. {who} must confirm it before {until}, "
        f"at {settings.BASE_URL}/officer/proposals/{proposal.pk}"
    )


def preview_answer(preview: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of `ForeseenAnswer` from a stored preview."""
    effect = Effect.from_json(preview)
    return {
        "area": preview["area"],
        "before": _counts(effect.before),
        "after": _counts(effect.after),
        "worse": effect.worse,
        "homes": dict(effect.homes),
        "facts": preview["facts"],
    }


def _counts(people: tuple[int, int, int]) -> dict[str, int]:
    return dict(zip(("green", "yellow", "red"), people, strict=True))
