"""Register somebody at an officer's desk, whose document the officer has seen."""

from datetime import datetime

from django.db import transaction

from accounts.admission import NewPerson
from accounts.authority import normalise_code
from accounts.guardians import note_act
from accounts.models import Account, IdentityProof, Person, Relation, Role
from accounts.registration import register
from accounts.selectors import account_of_phone
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import one_act_at_a_time, record_act
from healthcode.evidence.responsibility import answers_for_person
from healthcode.officers.documents import refuse_own_number


@transaction.atomic
def see_document(
    *,
    account: Account,
    phone: str | None,
    relation: Relation | None,
    seen: NewPerson,
    ground: Ground,
    at: datetime,
) -> tuple[Person, Act]:
    """Record that an officer saw a document, and let whoever logs in with `phone` have the code.

    The person need not be registered. What somebody else typed for this document is replaced, and
    unproven guardianships of other accounts end.

    Args:
        account: the officer's.
        phone: the number with which the guardian has logged in, as typed; None or empty if nobody
            with a telephone looks after the person (see `officers.visits`).
        relation: what the guardian is to the person; see `registration.register`.
        seen: the person, as in the document; the home is what the person says at the desk.

    Raises:
        InvalidInput, UnknownArea, EndedArea: something typed is wrong, or `phone` is the officer's
            own.
        OutsideYourArea: the officer does not answer for this home.
        NobodyLoggedIn: nobody has logged in with this phone number.
        SelfAlreadyRegistered: the guardian is already registered as somebody else.
        NameDiffers: somebody has proven this person under another name.
    """
    one_act_at_a_time(account=account)
    home = normalise_code(seen.home_area, pointer="/home_area")
    area = answers_for_person(account, home)
    if phone:
        refuse_own_number(account, phone)
    guardian = account_of_phone(phone) if phone else None
    person = register(
        account=guardian, relation=relation, newcomer=seen, proof=IdentityProof.DOCUMENT, at=at
    )
    act = record_act(
        account=account,
        role=Role.OFFICER,
        kind=ActKind.DOCUMENT_SEEN,
        area=area,
        ground=ground,
        detail={
            "person": person.pk,
            "guardian": guardian.pk if guardian else None,
            "relation": relation or "" if guardian else "",
        },
        at=at,
    )
    if guardian is not None:
        note_act(account=guardian, person=person, act=act.pk)
    return person, act
