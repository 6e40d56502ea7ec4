"""The owner's functions for facts refuse what their rule does not allow, and note what they did."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.models import Role
from healthcode.acts.kinds import ActKind
from healthcode.acts.services import record_act
from healthcode.evidence import services
from healthcode.evidence.models import Evidence, EvidenceKind, Forgotten, ForgottenCause
from tests.acts import GROUND, act_of
from tests.colours import world
from tests.colours.world import shanghai

pytestmark = [pytest.mark.clock, pytest.mark.django_db]

KEPT = timedelta(days=14)


@pytest.fixture
def person(db: None) -> int:
    world.areas("330106")
    (someone,) = world.people(1)
    return someone


def fact(person: int, received: datetime) -> Evidence:
    """Return a fact as old as its reception."""
    made = world.fact(person, EvidenceKind.TEST, shanghai(2, 1), shanghai(2, 1), "negative")
    Evidence.objects.bulk_create([copy_of(made, received)])
    return Evidence.objects.latest("pk")


def copy_of(made: Evidence, received: datetime) -> Evidence:
    made.pk, made.reference, made.received_at = None, f"{received}", received
    return made


def refused(ids: list[int], cause: ForgottenCause) -> bool:
    before = Evidence.objects.count()
    no = pytest.raises(ProgrammingError, match="of these facts may not be forgotten by")
    with no, transaction.atomic():
        services.forget(ids=ids, cause=cause)
    assert not Forgotten.objects.exists()
    return Evidence.objects.count() == before


def test_a_fact_goes_after_its_time_by_the_clock_of_the_database(person: int) -> None:
    now = timezone.now()
    young = fact(person, now - KEPT + timedelta(minutes=1))
    old = fact(person, now - KEPT - timedelta(minutes=1))
    assert refused([young.pk, old.pk], ForgottenCause.RETENTION)

    assert services.forget(ids=[old.pk], cause=ForgottenCause.RETENTION) == 1

    note = Forgotten.objects.get()
    assert (note.cause, note.facts) == (ForgottenCause.RETENTION, 1)
    assert abs(note.at - now) < timedelta(minutes=1)
    assert Evidence.objects.filter(pk=young.pk).exists()
    assert not Evidence.objects.filter(pk=old.pk).exists()


def test_what_goes_on_is_kept_until_it_is_withdrawn(person: int) -> None:
    stay = world.fact(person, EvidenceKind.STAY, shanghai(2, 1), None, area="330106")
    Evidence.objects.bulk_create([copy_of(stay, shanghai(2, 1))])
    goes_on = Evidence.objects.latest("pk")
    assert refused([goes_on.pk], ForgottenCause.RETENTION)
    services.withdraw(ids=[goes_on.pk], act=act_of(stay.source, at=timezone.now()))
    assert refused([goes_on.pk], ForgottenCause.RETENTION)


def test_an_erasure_needs_its_act(person: int) -> None:
    (other,) = world.people(1)
    theirs, others = fact(person, shanghai(2, 1)), fact(other, shanghai(2, 1))
    assert refused([theirs.pk], ForgottenCause.ERASURE)
    record_act(
        account=theirs.source,
        role=Role.RESIDENT,
        kind=ActKind.PERSON_ERASED,
        area="",
        ground=GROUND,
        detail={"person": person},
        at=timezone.now(),
    )
    assert refused([theirs.pk, others.pk], ForgottenCause.ERASURE)
    assert services.forget(ids=[theirs.pk], cause=ForgottenCause.ERASURE) == 1


def test_the_service_does_not_end_by_a_call(person: int) -> None:
    ids = [fact(person, shanghai(2, 1)).pk]
    no = pytest.raises(ProgrammingError, match="facts are not forgotten by sunset")
    with no, transaction.atomic():
        services.forget(ids=ids, cause=ForgottenCause.SUNSET)


def test_a_withdrawal_needs_an_act_that_is_there(person: int) -> None:
    one = fact(person, shanghai(2, 1))
    with transaction.atomic():
        services.withdraw(ids=[one.pk], act=None)
        with pytest.raises(IntegrityError, match="withdrawn_by"):
            connection.check_constraints()
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: facts.update(ends=shanghai(3, 1)),
        lambda facts: facts.delete(),
        lambda facts: list(facts.select_for_update()),
    ],
)
def test_the_service_changes_no_fact_by_itself(person: int, change: object) -> None:
    assert callable(change)
    one = fact(person, shanghai(2, 1))
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        change(Evidence.objects.filter(pk=one.pk))
