"""The refusals of the sources room."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Forbidden


class OutsideYourGrant(Forbidden):
    """A source reports presences that its grant does not name, or at places outside its area."""

    slug = "outside-your-grant"
    title = _("Outside your grant")
    sentence = _(
        "Your account may not report where people were, or not at these places. Ask the "
        "administrator of the health code for a grant that includes them."
    )
