"""The refusals of corrections."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict


class CorrectedWhenGreen(Conflict):
    """The document number of somebody who is not green cannot be freed.

    Whoever is red could otherwise register the number anew, and be green.
    """

    slug = "corrected-when-green"
    title = _("The document number cannot be corrected yet")
    sentence = _(
        "A wrong document number can be corrected once the code is green and nothing on record can "
        "still change it. Until then, record the person with the right number at “See a document”, "
        "and merge both registrations at “Two documents of one person”, so that the colour stays."
    )
