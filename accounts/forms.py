"""Forms of this room's pages: checked by the same serializers as the HTTP interface."""

from collections.abc import Mapping

from django.http import QueryDict

from accounts.serializers import PersonInput
from healthcode.web.errors import Refusal
from healthcode.web.problems import flatten


class Faults(dict[str, str]):
    """What is wrong, by field; "" is what concerns the form as a whole."""

    @property
    def whole(self) -> str:
        """The sentence about the form as a whole, if there is one."""
        return self.get("", "")


def faults_of(refusal: Refusal) -> Faults:
    """A refusal as faults of the fields that its pointers name."""
    errors = refusal.members.get("errors")
    if not isinstance(errors, list):
        return Faults({"": str(refusal.detail)})
    return _by_field(errors)


class PersonForm(PersonInput):
    """The registration form; ignores what browsers send besides its own fields."""

    def __init__(self, posted: QueryDict) -> None:
        own = [name for name in PersonInput().get_fields() if name in posted]
        super().__init__(data={name: posted[name] for name in own})

    @property
    def faults(self) -> Faults:
        """What is wrong, by field."""
        return _by_field(list(flatten(self.errors)))


def _by_field(errors: list[Mapping[str, object]] | list[dict[str, str]]) -> Faults:
    return Faults({str(error["pointer"])[1:]: str(error["detail"]) for error in errors})
