"""Words for codes, in both languages."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcode.core import Colour

CODE_WORDS: Final[dict[Colour, Promise]] = {
    Colour.GREEN: _("Green code"),
    Colour.YELLOW: _("Yellow code"),
    Colour.RED: _("Red code"),
}


def colour_name(colour: Colour) -> str:
    """Return the colour's name in the HTTP interface and the style sheets, such as `green`."""
    return colour.label
