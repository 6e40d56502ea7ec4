"""Correct a registration at an officer's desk."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.authority import normalise_code
from accounts.corrections import Corrected, Correction, correct
from accounts.models import Account, Person, Role
from accounts.selectors import Registered, registered_as
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind, LookKind
from healthcode.acts.looks import Onlooker, record_looks
from healthcode.acts.models import Act
from healthcode.acts.services import one_act_at_a_time, record_act
from healthcode.colours.settled import is_settled
from healthcode.evidence.lines import DocumentNumber
from healthcode.officers.corrections.errors import CorrectedWhenGreen
from healthcode.officers.registered import registered_person
from healthcode.web.errors import Forbidden


@transaction.atomic
def look_at_registration(
    *, account: Account, holder: int | DocumentNumber, home_area: str, ground: Ground, at: datetime
) -> Registered:
    """Return what is registered, masked, for an officer; the person sees the look.

    Args:
        holder: the person's number, or the type and number of their document as registered.
        home_area: where the person says that they live now; "" if that is to stay.

    Raises:
        NotFound: nobody is registered like this whom the officer answers for.
        InvalidInput: `home_area` has not the form of a division's code.
        TooMany: the officer has looked at people's data too often today.
    """
    person, area = registered_person(account, holder, moves_to=_code(home_area))
    by = Onlooker(account, Role.OFFICER, area, ground)
    record_looks(by=by, people=[person.pk], what=LookKind.REGISTRATION, at=at)
    return registered_as(person.pk)


@transaction.atomic
def correct_registration(
    *,
    account: Account,
    holder: int | DocumentNumber,
    right: Correction,
    ground: Ground,
    at: datetime,
) -> tuple[list[Corrected], Act]:
    """Store what the document says, as an officer's act, which names only what was corrected.

    Args:
        holder: the person's number, or the type and number of their document as registered.
        right: what is right, as in the document; the home is what the person says at the desk.

    Raises:
        NotFound: nobody is registered like this whom the officer answers for, by the home that is
            registered or by the right one.
        Forbidden: the officer looks after this person.
        CorrectedWhenGreen: the document number is wrong, and the person is not green for good.
        InvalidInput, UnknownArea, EndedArea, TwoRegistrations, NumberReported, NothingToCorrect:
            see `corrections.correct`.
    """
    one_act_at_a_time(account=account)
    found, area = registered_person(account, holder, moves_to=_code(right.home_area))
    people = Person.objects.select_for_update(of=["self"]).select_related("identity")
    person = people.get(pk=found.pk)
    if person.guardianships.filter(account=account).exists():
        raise Forbidden(_("A colleague must do this, because you look after this person."))
    corrected = correct(person=person, right=right, at=at)
    if Corrected.DOCUMENT in corrected and not is_settled(person.pk, at=at):
        raise CorrectedWhenGreen
    act = record_act(
        account=account,
        role=Role.OFFICER,
        kind=ActKind.REGISTRATION_CORRECTED,
        area=area,
        ground=ground,
        detail={"person": person.pk, "corrected": [one.value for one in corrected]},
        at=at,
    )
    return corrected, act


def _code(home_area: str) -> str:
    return normalise_code(home_area, pointer="/home_area") if home_area else ""
