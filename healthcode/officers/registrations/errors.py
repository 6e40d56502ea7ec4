"""The refusals for merging and separating registrations."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict


class AlreadyMerged(Conflict):
    """Both documents count as those of one person already."""

    slug = "already-merged"
    title = _("Already merged")
    sentence = _("These two documents already count as one person's. There is nothing left to do.")


class NotMerged(Conflict):
    """The registration is not merged with any other."""

    slug = "not-merged"
    title = _("Not merged with another registration")
    sentence = _(
        "This document is not merged with any other. There is nothing to separate; check the "
        "number if you expected one."
    )
