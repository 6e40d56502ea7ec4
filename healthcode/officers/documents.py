"""What officers type from a document that somebody shows them at their desk."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts import phones, vault
from accounts.errors import invalid
from accounts.forms import Faults
from accounts.holders import ShownDocument, require_name
from accounts.identity import UNKNOWN_TYPE
from accounts.models import Account, IdType, Person, StaffPhone
from healthcode.acts.grounds import NO_GROUND, GroundedInput, GroundKind, sent_ground
from healthcode.evidence.fields import YesNo
from healthcode.officers.registered import registered_person
from healthcode.web.problems import flatten
from healthcode.web.texts import trimmed

NOT_SEEN = _("Look at the document first, and compare name and picture with the person.")


class ShownDocumentInput(GroundedInput):
    """A document as somebody shows it, and why the officer acts."""

    name = serializers.CharField(max_length=200)
    id_type = serializers.ChoiceField(
        choices=IdType.values,
        error_messages={"invalid_choice": UNKNOWN_TYPE},
    )
    id_number = serializers.CharField(max_length=64)
    document_seen = YesNo()

    def validate_document_seen(self, value: bool) -> bool:
        """Refuse an officer who has not seen the document."""
        if not value:
            raise serializers.ValidationError(NOT_SEEN)
        return value

    def shown(self) -> ShownDocument:
        """Return the document, from the validated data."""
        values = self.validated_data
        return ShownDocument(values["name"], values["id_type"], values["id_number"])


def person_shown(officer: Account, shown: ShownDocument) -> tuple[Person, str]:
    """Return the person of a document, and the area by which the officer answers for them.

    Unknown people and people of other areas are refused alike, so that officers cannot find out
    who is registered elsewhere.

    Raises:
        NotFound: nobody for whom the officer answers is registered with this document.
        InvalidInput: the name has a wrong form.
        NameDiffers: another name is registered with the document.
        Forbidden: the account is not an officer's.
    """
    person, area = registered_person(officer, (shown.id_type, shown.id_number))
    require_name(person, shown)
    return person, area


def refuse_own_number(officer: Account, phone: str) -> None:
    """Refuse the number at which the officer is told of alarms: nobody acts for themselves.

    Raises:
        InvalidInput: it is this number, or no phone number.
    """
    own = StaffPhone.objects.filter(account=officer).first()
    if own is not None and phones.normalise(phone) == vault.unseal(
        own.sealed, field=vault.Field.STAFF_PHONE, row=own.bound_to
    ):
        raise invalid("/phone", _("This is your own number, at which you are told of alarms."))


def typed_document(posted: Mapping[str, str], *more: str) -> dict[str, object]:
    """Return what a page's form sent, as `ShownDocumentInput` takes it; `more` names fields."""
    fields = ("name", "id_type", "id_number", *more)
    typed: dict[str, object] = {name: trimmed(posted.get(name, "")) for name in fields}
    return typed | sent_ground(posted) | {"document_seen": "document_seen" in posted}


def faults_in(given: ShownDocumentInput) -> Faults:
    """Return what is wrong in a form that `given` refused."""
    faults = Faults({one["pointer"][1:]: one["detail"] for one in flatten(given.errors)})
    if {"ground", "ground_kind"} & faults.keys():
        faults["ground"] = str(NO_GROUND)
    return faults


def document_context(posted: Mapping[str, str], faults: Faults, ground: str) -> dict[str, object]:
    """Return what the fields of `officers/_shown_document.html` show.

    Args:
        ground: the text that stands in the form at first.
    """
    return {
        "faults": faults,
        "values": posted,
        "id_types": IdType.choices,
        "ground_kind": posted.get("ground_kind") or GroundKind.DOCUMENT_SEEN,
        "ground": posted.get("ground") or ground,
    }
