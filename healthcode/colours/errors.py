"""The colours room's refusals."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, InvalidInput, Refusal

_MISTAKES: Final[Mapping[str, Any]] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("file", "rule", "field", "detail")},
        "required": ["file", "rule", "field", "detail"],
    },
}


class NoPolicy(Refusal):
    """Refuse to decide a colour while no policy is in force."""

    slug = "no-policy"
    status = 503
    title = _("No policy is in force")
    sentence = _("Publish a policy first: manage.py publish_policy FILE")
    retry_after = 60


class ColourBeingChecked(Refusal):
    """Refuse to use a stored colour that does not follow from the evidence.

    Somebody may have edited the database. A recomputation of the person is requested.
    """

    slug = "colour-being-checked"
    status = 503
    title = _("Your colour is being checked")
    sentence = _(
        "We are checking this colour once more, so there is no new code yet. Please try again in a "
        "minute. If there is still no code, please ask at a service desk. A code that you have "
        "already opened or printed stays valid until the time shown on it."
    )
    retry_after = 10


class InvalidPolicy(InvalidInput):
    """Refuse a policy file with mistakes; `errors` lists each with its rule and field."""

    slug = "invalid-policy"
    title = _("The policy has mistakes")
    sentence = _("The policy was not published. `errors` lists what to correct.")
    extensions = {"errors": _MISTAKES}


class PolicyVersionTaken(Conflict):
    """Refuse a version that is published already: a published policy is never replaced."""

    slug = "policy-version-taken"
    title = _("This policy version already exists")


class SecondPersonNeeded(Conflict):
    """Refuse an act beyond what one person may do alone, if it cannot wait for a second person."""

    slug = "second-person-needed"
    title = _("A second person is needed")
