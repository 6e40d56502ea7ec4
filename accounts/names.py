"""People's names, in any script."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid
from healthcode.web import texts
from healthcode.web.fields import one_line

MOST_CHARACTERS = 64


def normalise(text: str) -> str:
    """Return the name in NFC with single spaces, without invisible marks from copying.

    Raises:
        InvalidInput: it is empty, too long, has no letter, or has invisible characters.
    """
    name = one_line(text, "/name")
    if not texts.has_letters(name) or len(name) > MOST_CHARACTERS:
        raise invalid(
            "/name",
            _("Please enter the name as it is written in the document, in at most 64 characters."),
        )
    return name
