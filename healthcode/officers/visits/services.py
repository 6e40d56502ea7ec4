"""What an officer does for somebody at the desk with whom no telephone came.

The act by which the officer saw the document opens a visit. It is over after an hour, and belongs
to this officer alone. So nobody prints the card of a person who is not there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Person, Role
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.acts.kinds import ActKind, LookKind
from healthcode.acts.looks import Onlooker, record_looks
from healthcode.acts.models import Act
from healthcode.acts.plans import Foreseen
from healthcode.acts.services import one_act_at_a_time, record_act
from healthcode.codes.errors import DeclareFirst
from healthcode.codes.selectors import code_input_at_desk
from healthcode.codes.services import IssuedCode, issue
from healthcode.colours.decide_many import foresee
from healthcode.colours.one_person import decide_now
from healthcode.colours.selectors import PersonDecision
from healthcode.colours.two_persons import refuse_beyond_alone
from healthcode.core import Kind
from healthcode.evidence.declarations import Declaration, record_declaration
from healthcode.evidence.responsibility import answers_for_person
from healthcode.web.errors import NotFound

VISIT_LIFE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Visit:
    """A person at the desk, the act of the document seen, and the area of the officer for them."""

    person: Person
    act: Act
    area: str


def visit_of(*, account: Account, act_id: int, at: datetime) -> Visit:
    """Return the person whose document this officer has seen within the hour, without a telephone.

    Raises:
        NotFound: there is no such act, it is not this officer's, it is too old, or a telephone
            was given.
        Forbidden, OutsideYourArea: the officer does not answer for the person any more.
    """
    seen = Act.objects.filter(
        pk=act_id,
        account=account,
        kind=ActKind.DOCUMENT_SEEN,
        at__gt=at - VISIT_LIFE,
        detail__guardian=None,
    ).first()
    person = None if seen is None else Person.objects.filter(pk=seen.detail["person"]).first()
    if seen is None or person is None:
        raise NotFound(_("This visit is over. See the document again."))
    return Visit(person, seen, answers_for_person(account, person.home_area))


@transaction.atomic
def declare_at_desk(
    *, account: Account, act_id: int, declaration: Declaration, ground: Ground, at: datetime
) -> tuple[PersonDecision, Act]:
    """Record what a person at the desk declares, and decide the colour, as an officer's act.

    It counts like the person's own declaration. The facts name the act.

    Raises:
        NotFound, Forbidden, OutsideYourArea: see `visit_of`.
        UnknownArea, EndedArea, TooMany: see `record_declaration`.
        SecondPersonNeeded: it would make more people worse than one officer alone may.
        NoPolicy: no policy is in force.
    """
    one_act_at_a_time(account=account)
    visit = visit_of(account=account, act_id=act_id, at=at)

    def record(act: int | None = None) -> list[int]:
        record_declaration(
            account=account, person=visit.person, declaration=declaration, at=at, act=act
        )
        return [visit.person.pk]

    kind = ActKind.DECLARATION_ENTERED
    foreseen = Foreseen(area=visit.area, effect=foresee(record, at=at), facts={})
    refuse_beyond_alone(kind=kind, foreseen=foreseen, account=account, at=at)
    act = record_act(
        account=account,
        role=Role.OFFICER,
        kind=kind,
        area=visit.area,
        ground=ground,
        detail={"person": visit.person.pk, "document_seen": visit.act.pk},
        at=at,
        effect=foreseen.effect,
    )
    record(act.pk)
    return decide_now(visit.person.pk, at=at), act


def needs_declaration(visit: Visit) -> bool:
    """Return whether the person has no code yet, because nobody has declared for them."""
    try:
        code_input_at_desk(visit.person.pk)
    except DeclareFirst:
        return True
    return False


def card_at_desk(*, account: Account, act_id: int, at: datetime) -> IssuedCode:
    """Sign a paper code for a person at the desk. The person can see later that an officer did.

    Raises:
        NotFound, Forbidden, OutsideYourArea: see `visit_of`.
        DeclareFirst: nobody has declared for the person.
        TooMany: the officer has looked at people's data too often today.
        DoesNotSign, ColourBeingChecked, NoPolicy: see `codes.services.issue`.
    """
    visit = visit_of(account=account, act_id=act_id, at=at)
    code_input = code_input_at_desk(visit.person.pk)
    ground = Ground(GroundKind(visit.act.ground_kind), visit.act.ground)
    record_looks(
        by=Onlooker(account, Role.OFFICER, visit.area, ground),
        people=[visit.person.pk],
        what=LookKind.CARD,
        at=at,
    )
    return issue(code_input=code_input, kind=Kind.PAPER, at=at)
