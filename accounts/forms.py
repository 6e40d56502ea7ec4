"""The forms of this room's pages. The serializers of the HTTP interface check them."""

from collections.abc import Mapping

from django.http import QueryDict

from accounts.serializers import PersonInput
from healthcode.web.errors import Refusal
from healthcode.web.problems import flatten


class Faults(dict[str, str]):
    """What is wrong in a form, by field; "" is for the form as a whole."""

    @property
    def whole(self) -> str:
        """Return the sentence about the form as a whole, or ""."""
        return self.get("", "")


def faults_of(refusal: Refusal) -> Faults:
    """Return a refusal as faults of the fields to which its pointers lead."""
    errors = refusal.members.get("errors")
    if not isinstance(errors, list):
        return Faults({"": str(refusal.detail)})
    return _by_field(errors)


class PersonForm(PersonInput):
    """The registration form. It ignores fields that are not its own."""

    def __init__(self, posted: QueryDict) -> None:
        own = [name for name in PersonInput().get_fields() if name in posted]
        super().__init__(data={name: posted[name] for name in own})

    @property
    def faults(self) -> Faults:
        return _by_field(list(flatten(self.errors)))


def _by_field(errors: list[Mapping[str, object]] | list[dict[str, str]]) -> Faults:
    return Faults({str(error["pointer"])[1:]: str(error["detail"]) for error in errors})
