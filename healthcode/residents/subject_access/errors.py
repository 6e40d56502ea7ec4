"""What is refused to a person who asks to be forgotten."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict


class StillNeeded(Conflict):
    """Who is not green, or is about to change, would be green at once by registering anew."""

    slug = "still-needed"
    title = _("This data cannot be erased yet")
    sentence = _(
        "You can erase this data once the code is green and nothing on record can still "
        "change it. The page “Why this colour?” shows when that is."
    )
