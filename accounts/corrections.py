"""Correct what a registration says, when an officer has seen the document.

What is sealed is bound to the document's keyed hash. So after a correction of the document all of
it is sealed anew.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from accounts import homes, identity, names, vault
from accounts.admission import ONE_DOCUMENT, violated
from accounts.authority import normalise_code
from accounts.errors import invalid
from accounts.guardians import end_codes
from accounts.holder_errors import (
    NothingToCorrect,
    NumberReported,
    TwoRegistrations,
)
from accounts.identity import Document
from accounts.models import Identity, IdType, Person
from accounts.vault import Field
from healthcode.web.days import day_of
from healthcode.web.errors import InvalidInput


class Corrected(models.TextChoices):
    """What an act has corrected. The value is stored for good, so never rename it."""

    NAME = "name", _("Name")
    DOCUMENT = "document", _("Document number")
    HOME = "home", _("Home")


@dataclass(frozen=True, slots=True, repr=False)
class Correction:
    """What is right, as typed; "" for what stays. It has no `repr`, so that no log contains it."""

    name: str = ""
    id_type: str = ""
    id_number: str = ""
    home_area: str = ""


def correct(*, person: Person, right: Correction, at: datetime) -> list[Corrected]:
    """Store what is right about a person, and return what has changed.

    The caller's transaction has locked the person. Codes in use end if the name has changed,
    because doors show a part of it.

    Raises:
        InvalidInput, UnknownArea, EndedArea: something typed is wrong.
        TwoRegistrations: another person is registered with the right document.
        NumberReported: somebody has reported the right document, and nobody has registered it.
        NothingToCorrect: all of it stands there already.
    """
    # Locked, because a change of telephone writes to it, too (accounts/telephones/services.py).
    who = Identity.objects.select_for_update().get(pk=person.pk)
    changed: list[Corrected] = []
    if right.home_area:
        area = normalise_code(right.home_area, pointer="/home_area")
        if area != person.home_area:
            homes.move(person=person, area=area, at=at)
            changed.append(Corrected.HOME)
    plain = {field: _unsealed(who, column, field) for column, field in _SEALED.items()}
    if right.name and (name := names.normalise(right.name)) != plain[Field.NAME]:
        plain[Field.NAME] = name
        changed.append(Corrected.NAME)
    if right.id_number and _new_document(who, right, plain, at):
        changed.append(Corrected.DOCUMENT)
    if not changed:
        raise NothingToCorrect
    _store(who, plain)
    if Corrected.NAME in changed:
        end_codes(person.pk, at=at)
    return sorted(changed)


_SEALED: Final = {
    "number_sealed": Field.NUMBER,
    "name_sealed": Field.NAME,
    "phone_sealed": Field.PHONE,
}


def _new_document(
    who: Identity, right: Correction, plain: dict[Field, str | None], at: datetime
) -> bool:
    """Take over another document; tell whether it is another one."""
    document = _parsed(right, at)
    if (who.id_type, bytes(who.number_index)) == (document.id_type, document.index()):
        return False
    _refuse_known(document.id_type, document.index())
    who.id_type, who.number_index = document.id_type, document.index()
    plain[Field.NUMBER] = document.number
    return True


def _parsed(right: Correction, at: datetime) -> Document:
    """Read the right document. A refusal points into it, and not at the one that is registered."""
    try:
        return identity.parse(right.id_type, right.id_number, on=day_of(at))
    except InvalidInput as fault:
        raise invalid("/document", fault.detail) from None


def _refuse_known(id_type: IdType, index: bytes) -> None:
    known = Person.objects.filter(identity__id_type=id_type, identity__number_index=index)
    waiting = known.values_list("is_waiting", flat=True).first()
    if waiting is not None:
        raise NumberReported if waiting else TwoRegistrations


def _unsealed(who: Identity, column: str, field: Field) -> str | None:
    sealed = getattr(who, column)
    return None if sealed is None else vault.unseal(sealed, field=field, row=who.number_index)


def _store(who: Identity, plain: dict[Field, str | None]) -> None:
    row = bytes(who.number_index)
    for column, field in _SEALED.items():
        text = plain[field]
        setattr(who, column, None if text is None else vault.seal(text, field=field, row=row))
    try:
        with transaction.atomic():
            who.save(force_update=True)
    except IntegrityError as error:
        # Somebody registered or reported the document a moment ago.
        if violated(error) == ONE_DOCUMENT:
            _refuse_known(IdType(who.id_type), row)
        raise
