"""Find the account that is somebody's own, for an officer who sees their document."""

from dataclasses import dataclass

from accounts import names, vault
from accounts.guardians import UNPROVEN
from accounts.holder_errors import (
    NameDiffers,
    NoAccountOfTheirOwn,
)
from accounts.models import Account, Guardianship, Identity, Person, Relation
from accounts.vault import Field


@dataclass(frozen=True, slots=True, repr=False)
class ShownDocument:
    """Name, type and number as in a document at a desk. It has no `repr`, so no log has it."""

    name: str
    id_type: str
    id_number: str


def require_name(person: Person, shown: ShownDocument) -> None:
    """Check that the name in the document is the registered one.

    A mistyped number can be somebody else's.

    Raises:
        InvalidInput: the name has a wrong form.
        NameDiffers: another name is registered.
    """
    name = names.normalise(shown.name)
    who = Identity.objects.get(pk=person.pk)
    registered = vault.unseal(who.name_sealed, field=Field.NAME, row=who.number_index)
    if registered.casefold() != name.casefold():
        raise NameDiffers


def own_account(person: Person) -> Account:
    """Return the account that is proven to be the person's own.

    It may look after others. So whoever only typed this person's number, also in version 1.0, does
    not count: their account is not the person's.

    Raises:
        NoAccountOfTheirOwn: there is none.
    """
    own = Guardianship.objects.filter(
        ~UNPROVEN, person=person, relation=Relation.SELF, account__is_active=True
    )
    found = own.select_related("account").first()
    if found is None:
        raise NoAccountOfTheirOwn
    return found.account
