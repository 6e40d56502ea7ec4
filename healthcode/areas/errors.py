"""The refusals of the areas room."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from accounts.errors import EndedArea as EndedArea
from accounts.errors import UnknownArea as UnknownArea
from healthcode.web.errors import InvalidInput

_LINE_FAULTS: Final[Mapping[str, Any]] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "line": {"type": "integer", "description": "The line's number, from 1."},
            "pointer": {"type": "string", "description": "The line in a JSON map (RFC 6901)."},
            "detail": {"type": "string"},
        },
        "required": ["detail"],
    },
}


class InvalidMap(InvalidInput):
    """A map has mistakes. `errors` lists them with their lines, `faults` counts all of them."""

    slug = "invalid-map"
    title = _("The map has mistakes")
    sentence = _(
        "Nothing was published. Correct the lines that `errors` lists, and send the map again."
    )
    extensions = {"errors": _LINE_FAULTS, "faults": {"type": "integer"}}

    def __init__(self, errors: Sequence[Mapping[str, object]], *, faults: int) -> None:
        self.errors = tuple(errors)
        super().__init__(errors=list(errors), faults=faults)
