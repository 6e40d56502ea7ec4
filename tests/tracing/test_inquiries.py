"""An inquiry from its opening to the withdrawal of the case, which withdraws all contacts."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.colours.models import Recomputation
from healthcode.colours.recompute import run
from healthcode.colours.selectors import decision_of
from healthcode.core import Colour
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.services import NewFact, record, withdraw
from healthcode.officers.withdrawals.services import withdraw_evidence
from healthcode.tracing import services
from healthcode.tracing.errors import (
    AlreadyConfirmed,
    ChainChanged,
    NotACase,
    NotPlacedYet,
)
from healthcode.tracing.kinds import PlaceKind
from healthcode.tracing.models import Inquiry, Place
from healthcode.tracing.recording import NewPresence, record_presences
from healthcode.web.days import span_of_day
from healthcode.web.errors import Forbidden, InvalidInput
from tests.acts import GROUND
from tests.colours import world
from tests.colours.conftest import backend_pid, beside
from tests.colours.world import shanghai
from tests.owner import deleted
from tests.tracing.conftest import CONFIRMED, MIDDAY, NOW, Town

__all__ = ["beside"]


def recompute_all() -> None:
    for recomputation in Recomputation.objects.filter(finished_at__isnull=True):
        run(recomputation.pk, clock=lambda: NOW)


def test_a_confirmed_chain_colours_its_people_and_explains_itself(town: Town) -> None:
    inquiry = town.inquire()

    town.confirm(inquiry)
    recompute_all()

    people = [town.near, town.passing, town.flatmate]
    assert [world.colours(people)[person] for person in people] == [
        Colour.RED,
        Colour.YELLOW,
        Colour.YELLOW,
    ]
    (reason,) = decision_of(town.near, NOW).reasons
    assert reason.zh == "您和病人有过密切接触（望湖楼，2020年3月3日10:10至10:40）。"
    assert reason.en == (
        "You were in close contact with a case (望湖楼, 3 March 2020, 10:10 to 10:40)."
    )
    (reason,) = decision_of(town.flatmate, NOW).reasons
    assert "您接触过病人的密切接触者（在家里，" in reason.zh
    (reason,) = decision_of(town.passing, NOW).reasons
    assert reason.zh == "您和病人同时在一个地方待过（望湖楼，2020年3月3日11:05至11:10）。"


def test_a_preview_counts_and_leaves_no_trace(town: Town) -> None:
    inquiry = town.inquire()
    before = Evidence.objects.count()

    shown = services.preview(inquiry, at=NOW)

    assert shown.people.people == 3
    assert shown.people.then == {Colour.GREEN: 0, Colour.YELLOW: 2, Colour.RED: 1}
    assert shown.people.now == {Colour.GREEN: 3, Colour.YELLOW: 0, Colour.RED: 0}
    assert Evidence.objects.count() == before


def test_provenance_leads_to_the_case(town: Town) -> None:
    town.confirm(town.inquire())

    contacts = town.contacts()
    assert contacts[town.near].derived_from_id == town.evidence.pk
    assert contacts[town.passing].derived_from_id == town.evidence.pk
    assert contacts[town.flatmate].derived_from_id == contacts[town.near].pk
    assert contacts[town.near].detail["place"] == {"zh": "望湖楼", "en": "望湖楼"}


def test_withdrawing_the_case_withdraws_its_contacts_in_the_same_act(town: Town) -> None:
    town.confirm(town.inquire())
    recompute_all()

    recomputation = withdraw_evidence(
        account=town.officer, evidence_id=town.evidence.pk, ground=GROUND, at=NOW
    )
    recompute_all()

    assert not town.contacts()
    fallen = Evidence.objects.filter(withdrawn_by=recomputation.act)
    assert {fact.person_id for fact in fallen} == {
        town.case,
        town.near,
        town.passing,
        town.flatmate,
    }
    assert set(world.colours([town.near, town.passing, town.flatmate]).values()) == {Colour.GREEN}


def test_withdrawing_one_contact_frees_only_those_who_hang_on_it(town: Town) -> None:
    town.confirm(town.inquire())
    contact = town.contacts()[town.near]

    withdraw(ids=[contact.pk], act=world.act())

    assert set(town.contacts()) == {town.passing}


def test_a_contact_withdrawn_once_stays_withdrawn_when_the_case_is_traced_again(town: Town) -> None:
    town.confirm(town.inquire())
    withdraw(ids=[town.contacts()[town.near].pk], act=world.act())

    town.confirm(town.inquire())

    assert set(town.contacts()) == {town.passing}


def test_one_weak_sign_in_a_city_where_nothing_else_places_the_person_is_never_red(
    town: Town,
) -> None:
    """Somebody in another city scanned the restaurant's picture, which friends had sent them."""
    (far,) = world.people(1, home="330203")
    (local,) = world.people(1, home="330106")
    for person in (far, local):
        town.eats(person, MIDDAY, minutes=60, sure=False)

    town.confirm(town.inquire())
    recompute_all()

    assert town.contacts()[far].traits == ["doubtful"]
    assert town.contacts()[local].traits == ["close"]
    assert world.colours([far, local]) == {far: Colour.GREEN, local: Colour.RED}


def test_a_weak_sign_of_the_case_itself_reddens_nobody(town: Town) -> None:
    """In one city 1,317 people got a wrong colour after a case had scanned a picture of a place."""
    (case, guest) = world.people(2, home="330203")
    fact = world.fact(case, EvidenceKind.CASE, CONFIRMED, None, "confirmed")
    town.evidence = fact
    evening = MIDDAY + timedelta(hours=9)
    town.eats(case, evening, minutes=60, sure=False)
    town.eats(guest, evening, minutes=60)

    town.confirm(town.inquire())

    assert {p: c.traits for p, c in town.contacts().items()} == {guest: ["doubtful"]}


def test_a_journey_by_train_counts_rows_within_the_carriage(town: Town) -> None:
    train = Place.objects.create(kind=PlaceKind.TRAIN, name="G7349")
    near, far, elsewhere, unknown = world.people(4)
    seats = {town.case: (5, 8), near: (5, 11), far: (5, 12), elsewhere: (6, 8), unknown: (5, None)}
    departs, arrives = shanghai(3, 1, 23), shanghai(3, 2, 1)
    record_presences(
        [
            NewPresence(person, train.pk, PlaceKind.TRAIN, departs, arrives, True, *seat)
            for person, seat in seats.items()
        ]
    )

    found = {met.person: met.strength for met in services.chain_of(town.inquire()).contacts}

    assert {person: found.get(person) for person in (near, far, elsewhere, unknown)} == {
        near: "close",
        far: "casual",
        elsewhere: None,
        unknown: "casual",
    }


def test_the_limit_between_casual_and_close_is_exact(town: Town) -> None:
    """In a restaurant, ten minutes make a close contact; the case leaves at 11:10."""
    exact, short, touching = world.people(3)
    leaves = MIDDAY + timedelta(minutes=60)
    for person, minutes in ((exact, 10), (short, 9.99), (touching, 0)):
        town.eats(person, leaves - timedelta(minutes=minutes), minutes=30)

    found = {met.person: met.strength for met in services.chain_of(town.inquire()).contacts}

    assert (found[exact], found[short]) == ("close", "casual")
    assert touching not in found


def test_acts_are_kept_with_their_grounds(town: Town) -> None:
    inquiry = town.inquire()
    town.confirm(inquiry)
    inquiry.refresh_from_db()

    opened, confirmed = Act.objects.filter(
        kind__in=[ActKind.TRACING_OPENED, ActKind.CONTACTS_CONFIRMED]
    )
    assert inquiry.opened_by == opened
    assert inquiry.confirmed_by == confirmed
    assert (opened.ground, opened.area) == (GROUND.text, "330106")
    assert confirmed.detail == {"inquiry": inquiry.pk, "case": town.evidence.pk, "people": 3}


def test_an_inquiry_goes_when_retention_lets_go_of_its_case(town: Town) -> None:
    inquiry = town.inquire()
    town.confirm(inquiry)

    deleted([town.evidence.pk])

    assert not Inquiry.objects.exists()
    assert Act.objects.filter(kind=ActKind.CONTACTS_CONFIRMED).exists()
    assert set(town.contacts()) == {town.near, town.passing, town.flatmate}


def test_only_a_case_that_stands_is_traced(town: Town) -> None:
    test = world.fact(town.case, EvidenceKind.TEST, CONFIRMED, CONFIRMED, "positive")
    suspected = world.fact(town.case, EvidenceKind.CASE, CONFIRMED, None, "suspected")
    for fact in (test, suspected):
        town.evidence = fact
        with pytest.raises(NotACase):
            town.inquire()


def test_only_officers_of_the_cases_home_trace_it(town: Town) -> None:
    inquiry = town.inquire()
    town.officer = world.officer("3302")

    with pytest.raises(Forbidden):
        town.inquire()
    with pytest.raises(Forbidden):
        town.confirm(inquiry)


def test_what_is_confirmed_is_what_was_seen(town: Town) -> None:
    inquiry = town.inquire()
    shown = services.preview(inquiry, at=NOW)
    (late,) = world.people(1)
    town.eats(late, MIDDAY, minutes=30)

    def confirm(fingerprint: str) -> None:
        services.confirm(
            account=town.officer,
            inquiry_id=inquiry.pk,
            ground=GROUND,
            fingerprint=fingerprint,
            at=NOW,
        )

    with pytest.raises(ChainChanged):
        confirm(shown.fingerprint)
    confirm(services.preview(inquiry, at=NOW + timedelta(minutes=5)).fingerprint)
    with pytest.raises(AlreadyConfirmed):
        confirm(services.preview(inquiry, at=NOW).fingerprint)


def test_numbers_that_were_not_seen_are_not_confirmed(town: Town) -> None:
    """The chain is the same, but one of its people has become red since, for another reason."""
    inquiry = town.inquire()
    seen = services.preview(inquiry, at=NOW)
    world.fact(town.passing, EvidenceKind.CASE, CONFIRMED, None, "confirmed")
    assert services.preview(inquiry, at=NOW).chain == seen.chain

    with pytest.raises(ChainChanged):
        services.confirm(
            account=town.officer,
            inquiry_id=inquiry.pk,
            ground=GROUND,
            fingerprint=seen.fingerprint,
            at=NOW,
        )

    assert not town.contacts()


def test_nothing_is_confirmed_before_the_scans_are_resolved(town: Town) -> None:
    with pytest.raises(NotPlacedYet):
        town.confirm(town.inquire(placed=False))


def test_a_case_withdrawn_meanwhile_is_not_confirmed(town: Town) -> None:
    inquiry = town.inquire()
    withdraw(ids=[town.evidence.pk], act=world.act())

    with pytest.raises(NotACase):
        town.confirm(inquiry)


@pytest.mark.parametrize(
    ("since", "until", "pointer"),
    [
        (shanghai(3, 3), shanghai(3, 3), "/infectious_until"),
        (shanghai(2, 1), shanghai(3, 3), "/infectious_from"),
        (shanghai(3, 3), shanghai(3, 9), "/infectious_until"),
    ],
)
def test_a_window_that_cannot_be_is_refused(
    town: Town, since: Any, until: Any, pointer: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        services.open_inquiry(
            account=town.officer,
            evidence_id=town.evidence.pk,
            infectious_from=since,
            infectious_until=until,
            ground=GROUND,
            at=NOW,
        )

    errors: Any = refusal.value.members["errors"]
    assert errors[0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("day", "since", "until"),
    [(7, shanghai(2, 22), shanghai(3, 8)), (8, shanghai(2, 23), NOW)],
    ids=["an earlier day", "today"],
)
def test_of_a_case_confirmed_on_a_day_all_that_day_is_traced(
    town: Town, day: int, since: datetime, until: datetime
) -> None:
    """The hour of the confirmation is unknown, so people met in the evening are included."""
    starts, starts_by = span_of_day(shanghai(3, day).date())
    fact = NewFact(
        town.case, EvidenceKind.CASE, starts, None, starts_by=starts_by, traits=("confirmed",)
    )
    (case,) = record(source=town.officer, facts=[fact], at=NOW).ids
    assert case is not None

    inquiry = services.open_inquiry(
        account=town.officer,
        evidence_id=case,
        infectious_from=None,
        infectious_until=None,
        ground=GROUND,
        at=NOW,
    )

    assert (inquiry.infectious_from, inquiry.infectious_until) == (since, until)


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_waits_for_a_confirmation_under_way_and_takes_its_contacts_too(
    beside: Callable[..., Future[Any]],
) -> None:
    world.publish()
    town = Town()
    inquiry = town.inquire()

    def withdraw_case() -> Recomputation:
        return withdraw_evidence(
            account=town.officer, evidence_id=town.evidence.pk, ground=GROUND, at=NOW
        )

    with transaction.atomic():
        town.confirm(inquiry)
        withdrawal = beside(withdraw_case)
        _wait_until_somebody_waits_for(backend_pid())
    withdrawal.result(timeout=30)

    assert not town.contacts()
    assert Inquiry.objects.get().confirmed_by_id is not None


def _wait_until_somebody_waits_for(pid: int) -> None:
    waiting = False
    while not waiting:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"
                " AND %s = ANY(pg_blocking_pids(pid))",
                [pid],
            )
            (waiting,) = cursor.fetchone()
