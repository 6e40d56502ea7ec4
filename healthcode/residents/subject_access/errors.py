"""The refusal for a person who asks to be erased too early."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict


class StillNeeded(Conflict):
    """The person is not green, or will change colour.

    Erasure would make such a person green at once, after a new registration.
    """

    slug = "still-needed"
    title = _("This data cannot be erased yet")
    sentence = _(
        "You can erase this data once the code is green and nothing on record can still "
        "change it. The page “Why this colour?” shows when that is."
    )
