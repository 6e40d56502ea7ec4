"""The ground of an act (why somebody does it): a kind from a closed list, and a text.

Pages, the interface and commands ask for it in the same way and refuse the same.
"""

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.errors import invalid
from healthcode.web import texts
from healthcode.web.fields import MARKS, StrictSerializer

SHORTEST_GROUND: Final = 10
LONGEST_GROUND: Final = 1000
NO_GROUND: Final = format_lazy(
    _("Give the ground for this, in {least} to {most} characters."),
    least=SHORTEST_GROUND,
    most=LONGEST_GROUND,
)
NO_KIND: Final = _("Choose the kind of ground from the list.")
# Whoever confirms an act must read the ground as it is stored. PostgreSQL refuses NUL.
_UNREADABLE: Final = re.compile(f"[\\0{texts.TURNING}]")


class GroundKind(models.TextChoices):
    """The kinds of grounds. The value is stored for good, so never rename it."""

    INVESTIGATION = "investigation", _("Epidemiological investigation")
    LABORATORY = "laboratory", _("Result of a laboratory or a hospital")
    RISK_ASSESSMENT = "risk-assessment", _("Risk assessment of an area")
    MISTAKEN = "mistaken", _("Entered or reported by mistake")
    REQUESTED = "requested", _("Asked for by the person concerned")
    DOCUMENT_SEEN = "document-seen", _("Document seen in person")
    LEGAL_DUTY = "legal-duty", _("Duty by law or court order")
    OPERATIONS = "operations", _("Running this service")


@dataclass(frozen=True, slots=True)
class Ground:
    """Why somebody acts.

    Raises ValueError if the text, without blanks around it, is shorter than `SHORTEST_GROUND` or
    longer than `LONGEST_GROUND`.
    """

    kind: GroundKind
    text: str

    def __post_init__(self) -> None:
        if not SHORTEST_GROUND <= len(texts.trimmed(self.text)) <= LONGEST_GROUND:
            raise ValueError(f"no ground: {self.text!r}")


def read_ground(ground_kind: str, ground: str) -> Ground:
    """Return the ground that somebody gave.

    Raises:
        InvalidInput: pointing at `/ground_kind` or `/ground`.
    """
    if ground_kind not in GroundKind.values:
        raise invalid("/ground_kind", NO_KIND)
    if _UNREADABLE.search(ground):
        raise invalid("/ground", MARKS)
    try:
        return Ground(GroundKind(ground_kind), texts.trimmed(ground))
    except ValueError as error:
        raise invalid("/ground", NO_GROUND) from error


class GroundedInput(StrictSerializer):
    """The input of any act. `validated_data["ground"]` is a `Ground`, made of both members."""

    ground_kind = serializers.ChoiceField(choices=GroundKind.choices)
    ground = serializers.CharField(
        min_length=SHORTEST_GROUND,
        max_length=LONGEST_GROUND,
        error_messages=dict.fromkeys(("min_length", "max_length", "blank"), NO_GROUND),
    )

    def to_internal_value(self, data: Any) -> Any:
        """Make one `Ground` of kind and text. Raises ValidationError if one of them is wrong."""
        value = super().to_internal_value(data)
        kind, text = value.pop("ground_kind"), texts.trimmed(value.pop("ground"))
        if _UNREADABLE.search(text):
            raise serializers.ValidationError({"ground": [MARKS]})
        try:
            return value | {"ground": Ground(GroundKind(kind), text)}
        except ValueError as error:
            raise serializers.ValidationError({"ground": [NO_GROUND]}) from error


def sent_ground(sent: Mapping[str, str]) -> dict[str, str]:
    """Return kind and text from a page's form, as `GroundedInput` takes them."""
    return {
        "ground_kind": texts.trimmed(sent.get("ground_kind", "")),
        "ground": texts.trimmed(sent.get("ground", "")),
    }


def add_ground(parser: ArgumentParser) -> None:
    """Give a command the options for a ground, which `ground_of` reads."""
    parser.add_argument("--ground-kind", required=True, choices=GroundKind.values)
    parser.add_argument(
        "--ground",
        required=True,
        type=_said,
        help="why, in a sentence that the service keeps for good",
    )


def ground_of(options: Mapping[str, Any]) -> Ground:
    """Return the ground from a command's options, which the parser has checked."""
    return read_ground(options["ground_kind"], options["ground"])


def _said(text: str) -> str:
    """Return the text of `--ground`, for argparse to refuse before the command does anything."""
    try:
        return Ground(GroundKind.OPERATIONS, texts.trimmed(text)).text
    except ValueError as error:
        raise ArgumentTypeError(str(NO_GROUND)) from error
