"""What the areas room refuses."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import InvalidInput


class UnknownArea(InvalidInput):
    """A code that names no division, past or present."""

    slug = "unknown-area"
    title = _("Unknown area")


class InvalidMap(InvalidInput):
    """A map with mistakes; `errors` names the line and fault of each, `faults` counts them all."""

    slug = "invalid-map"
    title = _("The map has mistakes")

    def __init__(self, errors: Sequence[Mapping[str, object]], *, faults: int) -> None:
        self.errors = tuple(errors)
        super().__init__(
            _("Nothing was published. Correct the lines that `errors` names and send it again."),
            errors=list(errors),
            faults=faults,
        )
