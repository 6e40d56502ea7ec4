"""What this room refuses, with sentences for the person who asked."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, InvalidInput, Refusal


class NoPolicy(Refusal):
    """No policy is in force, so nobody has a colour."""

    slug = "no-policy"
    status = 503
    title = _("No policy is in force")

    def __init__(self) -> None:
        super().__init__(_("Publish a policy first: manage.py publish_policy FILE"))


class InvalidPolicy(InvalidInput):
    """A policy file with mistakes; `errors` lists each with its rule and field."""

    slug = "invalid-policy"
    title = _("The policy has mistakes")


class PolicyVersionTaken(Conflict):
    """A published policy is never replaced: a change is a higher version."""

    slug = "policy-version-taken"
    title = _("The policy's version is taken")
