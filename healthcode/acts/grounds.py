"""The ground of an act (why somebody did it), checked alike on pages and in the interface."""

from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.errors import invalid
from healthcode.web import texts

LONGEST_GROUND: Final = 1000
NO_GROUND: Final = format_lazy(
    _("Give the ground for this, in at most {most} characters."), most=LONGEST_GROUND
)


def check_ground(ground: str) -> None:
    """Refuse a ground that is empty or longer than `LONGEST_GROUND`.

    Raises:
        InvalidInput: pointing at `/ground`.
    """
    if texts.says_nothing(ground) or len(ground) > LONGEST_GROUND:
        raise invalid("/ground", NO_GROUND)


class GroundField(serializers.CharField):
    """The member `ground` of a call: why somebody does this. It is kept for good."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_GROUND, **kwargs)
