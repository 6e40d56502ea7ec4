"""What a code is made from."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Person
from accounts.selectors import masked_name
from healthcode.codes.errors import DeclareFirst
from healthcode.core import Colour
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.web.errors import NotFound


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands now: what goes into a code, and the masked name on it."""

    person: int
    colour: Colour
    changes: int
    policy: int
    holder: str


def standing(*, account: Account, person_id: int) -> Standing:
    """How a person whom `account` looks after stands. Two SELECTs.

    Raises:
        NotFound: there is no such person, or they are not this account's to know.
        DeclareFirst: nobody has declared for them.
    """
    declarations = Evidence.objects.filter(
        person=OuterRef("pk"), kind=EvidenceKind.DECLARATION, withdrawn_by=None
    )
    row = (
        Person.objects.filter(pk=person_id, guardianships__account=account)
        .annotate(declared=Exists(declarations))
        .values_list("declared", "colour__colour", "colour__changes", "colour__policy")
        .first()
    )
    if row is None:
        raise NotFound(_("There is no such person among those you look after."))
    declared, colour, changes, policy = row
    if not declared or colour is None:
        raise DeclareFirst
    return Standing(person_id, Colour(colour), changes, policy, masked_name(person_id))
