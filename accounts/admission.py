"""Make the rows of a new person from what somebody typed: checked, normalised and sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from accounts import authority, identity, names, phones, vault
from accounts.errors import DocumentAlreadyRegistered, SelfAlreadyRegistered, UnknownArea
from accounts.models import Identity, Person
from healthcode.web.days import day_of

ONE_DOCUMENT: Final = "one_document_one_person"
"""The constraint by which nobody registers a document a second time."""


@dataclass(frozen=True, slots=True, repr=False)
class NewPerson:
    """Who is to be registered, as typed. It has no `repr`, so that a log never contains it."""

    name: str
    id_type: str
    id_number: str
    home_area: str
    phone: str | None = None


def admission(newcomer: NewPerson, *, at: datetime) -> tuple[Person, Identity]:
    """Return the rows for this person, not stored yet.

    Raises:
        InvalidInput: the name, the document, the phone number or the form of the area code is
            wrong.
    """
    today = day_of(at)
    document = identity.parse(newcomer.id_type, newcomer.id_number, on=today)
    name = names.normalise(newcomer.name)
    phone = phones.normalise(newcomer.phone) if newcomer.phone else None
    area = authority.normalise_code(newcomer.home_area, pointer="/home_area")
    row = document.index()
    person = Person(home_area=area, created_at=at)
    return person, Identity(
        person=person,
        id_type=document.id_type,
        number_index=row,
        number_sealed=vault.seal(document.number, field=vault.Field.NUMBER, row=row),
        name_sealed=vault.seal(name, field=vault.Field.NAME, row=row),
        phone_index=vault.index("phone", phone) if phone else None,
        phone_sealed=vault.seal(phone, field=vault.Field.PHONE, row=row) if phone else None,
    )


def admit(newcomers: Sequence[NewPerson], *, at: datetime) -> list[int]:
    """Register many people at once, as from a census. No account looks after them.

    Returns:
        their numbers, in the given order.

    Raises:
        InvalidInput, UnknownArea, EndedArea, DocumentAlreadyRegistered: the data of one person is
            wrong. Then no person is registered.
    """
    rows = [admission(newcomer, at=at) for newcomer in newcomers]
    for area in sorted({person.home_area for person, _who in rows}):
        authority.require_area(area, at=at, pointer="/home_area")
    try:
        with transaction.atomic():
            Person.objects.bulk_create([person for person, _who in rows], batch_size=5000)
            Identity.objects.bulk_create([who for _person, who in rows], batch_size=5000)
    except IntegrityError as error:
        raise refusal_of(error) from error
    return [person.id for person, _who in rows]


def refusal_of(error: IntegrityError) -> Exception:
    """Return the refusal for a violated constraint; any other error is returned as it is."""
    refusals: dict[str | None, Exception] = {
        ONE_DOCUMENT: DocumentAlreadyRegistered(),
        "one_self_per_account": SelfAlreadyRegistered(),
        "one_account_per_self": DocumentAlreadyRegistered(),
        "person_home_area_known": _no_such_home(),
    }
    return refusals.get(violated(error), error)


def violated(error: IntegrityError) -> str | None:
    """Return the name of the constraint that the error is about."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)


def _no_such_home() -> UnknownArea:
    return UnknownArea(errors=[{"pointer": "/home_area", "detail": UnknownArea.sentence}])
