"""People's names, of any script."""

import unicodedata

from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid

MOST_CHARACTERS = 64


def normalise(text: str) -> str:
    """The name in NFC with single spaces.

    Raises:
        InvalidInput: it is empty, too long, has no letter, or holds characters that do not show.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    categories = {unicodedata.category(char)[0] for char in name}
    if "L" not in categories or "C" in categories or len(name) > MOST_CHARACTERS:
        raise invalid(
            "/name", _("Give the name as it stands in the document, up to 64 characters.")
        )
    return name
