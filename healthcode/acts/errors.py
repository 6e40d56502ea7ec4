"""The acts room's refusals."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Refusal


class NotInTheLogYet(Refusal):
    """The act or report is recorded, but no checkpoint of the public log contains it yet."""

    slug = "not-in-the-log-yet"
    status = 503
    title = _("Not in the public log yet")
    sentence = _("The public log takes this up within seconds. Please ask again in a few seconds.")
    retry_after = 5


class LookNotInTheLogYet(Refusal):
    """The look is recorded, but its hour is not in the public log yet."""

    slug = "look-not-in-the-log-yet"
    status = 503
    title = _("Not in the public log yet")
    sentence = _(
        "The public log takes up who looked at data once an hour. Please ask again in an hour."
    )
    retry_after = 3600


class LogDamaged(Refusal):
    """Rows of the public log are missing. The service's own log says which."""

    slug = "log-damaged"
    status = 503
    title = _("Part of the public log is missing")
    sentence = _(
        "Part of the public log is missing on this server. Please tell whoever runs this service, "
        "and keep the checkpoint that you have."
    )
    retry_after = 600
