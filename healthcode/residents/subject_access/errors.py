"""What is refused to a person who asks to be forgotten."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict


class StillNeeded(Conflict):
    """Who is not green, or is about to change, would be green at once by registering anew."""

    slug = "still-needed"
    title = _("This data is still needed")
    sentence = _(
        "This can be erased once the code is green and nothing known will change it. "
        "The page that explains the colour says when."
    )
