"""What the areas room refuses."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import InvalidInput


class UnknownArea(InvalidInput):
    """A code that names no division, past or present."""

    slug = "unknown-area"
    title = _("Unknown area")
