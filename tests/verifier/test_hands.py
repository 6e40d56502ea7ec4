"""A venue passes from hand to hand, and deputies do its daily work."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.errors import OutsideYourArea
from accounts.models import Account, Grant, Role
from healthcode.acts.models import Act
from healthcode.web.errors import Forbidden, NotFound, Refusal
from tests.acts import GROUND
from tests.verifier.hands import as_administrator, as_manager, colleague
from verifier.doors.enrolment import enrol
from verifier.errors import (
    AlreadyInCharge,
    EnrolmentCodeNotValid,
    NoOffer,
    NoSuchManager,
    OnlyTheManager,
    VenueIsClosed,
)
from verifier.models import Deputy, HandOver, Venue
from verifier.venues import hands, lifecycle
from verifier.venues.in_charge import InCharge
from verifier.venues.selectors import offered_to, venues_of
from verifier.venues.services import add_device


@pytest.fixture
def wang(manager: Account) -> Account:
    return colleague("wang")


def code_of(venue: Venue, now: datetime) -> str:
    return add_device(venue=venue, label="North gate", at=now).code


def is_void(code: str, now: datetime) -> bool:
    try:
        enrol(enrolment_code=code, sender="192.0.2.1", at=now)
    except EnrolmentCodeNotValid:
        return True
    return False


def test_a_colleague_accepts_and_the_act_names_both(
    venue: Venue, manager: Account, wang: Account, now: datetime
) -> None:
    made, later = code_of(venue, now), now + timedelta(days=2)
    hands.offer(by=as_manager(manager), venue_id=venue.pk, username=" wang ", at=now)
    assert list(venues_of(wang)) == []
    assert not Act.objects.exists()
    [shown] = offered_to(wang, at=later)
    hands.accept(account=wang, venue_id=shown.venue_id, at=later)
    assert [*venues_of(wang), *venues_of(manager)] == [venue]
    act = Act.objects.get()
    assert (act.kind, act.role, act.area) == ("venue-handed-over", "venue_manager", "330106")
    assert (act.account, act.confirmed_by, act.ground) == (manager, wang, GROUND.text)
    assert act.detail == {"venue": venue.pk, "before": manager.pk, "after": wang.pk}
    assert act.at == later
    assert is_void(made, now)


def test_an_administrator_hands_over_at_once(
    venue: Venue, manager: Account, wang: Account, now: datetime
) -> None:
    by = as_administrator("3301")
    hands.name_deputy(by=by, venue_id=venue.pk, username="wang", at=now)
    hands.hand_over(by=by, venue_id=venue.pk, username="wang", at=now)
    assert [*venues_of(wang), *venues_of(manager)] == [venue]
    assert not Deputy.objects.exists()
    assert [act.kind for act in Act.objects.order_by("pk")] == ["deputy-named", "venue-handed-over"]


def test_a_manager_cannot_hand_over_at_once(
    venue: Venue, manager: Account, wang: Account, now: datetime
) -> None:
    Grant.objects.create(account=manager, role=Role.ADMINISTRATOR, area="")
    with pytest.raises(Forbidden):
        hands.hand_over(by=as_manager(manager), venue_id=venue.pk, username="wang", at=now)


@pytest.mark.parametrize("name", ["nobody", "", "officer", "closed", "outside", "w\x00", "李" * 99])
@pytest.mark.parametrize("change", [hands.offer, hands.name_deputy])
def test_whoever_may_not_manage_here_gets_nothing(
    venue: Venue, manager: Account, now: datetime, name: str, change: Callable[..., object]
) -> None:
    colleague("officer", "33", Role.OFFICER)
    colleague("outside", "3302")
    Account.objects.filter(pk=colleague("closed").pk).update(is_active=False)
    with pytest.raises(NoSuchManager):
        change(by=as_manager(manager), venue_id=venue.pk, username=name, at=now)
    assert not HandOver.objects.exists()
    assert not Deputy.objects.exists()
    assert not Act.objects.exists()


@pytest.mark.parametrize("change", [hands.offer, hands.name_deputy])
def test_the_manager_is_in_charge_already(
    venue: Venue, manager: Account, now: datetime, change: Callable[..., object]
) -> None:
    with pytest.raises(AlreadyInCharge):
        change(by=as_manager(manager), venue_id=venue.pk, username="li.na", at=now)


def test_a_deputy_is_named_once_works_and_is_removed(
    venue: Venue, manager: Account, wang: Account, now: datetime
) -> None:
    by = as_manager(manager)
    hands.name_deputy(by=by, venue_id=venue.pk, username="wang", at=now)
    with pytest.raises(AlreadyInCharge):
        hands.name_deputy(by=by, venue_id=venue.pk, username="wang", at=now)
    assert list(venues_of(wang)) == [venue]
    made = code_of(venue, now)
    hands.remove_deputy(by=by, venue_id=venue.pk, account_id=wang.pk, at=now)
    assert list(venues_of(wang)) == []
    assert is_void(made, now)
    with pytest.raises(NotFound, match="not-found"):
        hands.remove_deputy(by=by, venue_id=venue.pk, account_id=wang.pk, at=now)
    kinds = list(Act.objects.order_by("pk").values_list("kind", "detail"))
    told = {"venue": venue.pk, "account": wang.pk}
    assert kinds == [("deputy-named", told), ("deputy-removed", told)]


def test_whoever_asks_for_a_code_while_the_venue_is_lost_gets_none(
    venue: Venue, manager: Account, wang: Account, now: datetime
) -> None:
    """The page has found the venue; then somebody else has it, before the code is made."""
    hands.name_deputy(by=as_manager(manager), venue_id=venue.pk, username="wang", at=now)
    assert add_device(venue=venue, label="North gate", at=now, by=wang).code
    hands.remove_deputy(by=as_manager(manager), venue_id=venue.pk, account_id=wang.pk, at=now)
    hands.hand_over(by=as_administrator(), venue_id=venue.pk, username="wang", at=now)
    with pytest.raises(NotFound):
        add_device(venue=venue, label="North gate", at=now, by=manager)
    assert venue.devices.filter(enrolment_hash__isnull=False).count() == 0


CHANGES: dict[str, Callable[[InCharge, int, datetime], Any]] = {
    "rename": lambda by, venue, at: lifecycle.rename(by=by, venue_id=venue, name="x", at=at),
    "close": lambda by, venue, at: lifecycle.close(by=by, venue_id=venue, at=at),
    "reopen": lambda by, venue, at: lifecycle.reopen(by=by, venue_id=venue, at=at),
    "block": lambda by, venue, at: lifecycle.block_device(
        by=by, venue_id=venue, device_id=1, at=at
    ),
    "offer": lambda by, venue, at: hands.offer(by=by, venue_id=venue, username="wang", at=at),
    "name": lambda by, venue, at: hands.name_deputy(by=by, venue_id=venue, username="wang", at=at),
    "remove": lambda by, venue, at: hands.remove_deputy(by=by, venue_id=venue, account_id=1, at=at),
}


@pytest.mark.parametrize("change", CHANGES)
def test_only_the_manager_and_administrators_of_the_area_decide(
    venue: Venue, manager: Account, wang: Account, now: datetime, change: str
) -> None:
    do, deputy = CHANGES[change], colleague("deputy")
    Deputy.objects.create(venue=venue, account=deputy)
    refused = [
        (as_manager(deputy), OnlyTheManager),
        (as_manager(wang), NotFound),
        (as_administrator("31"), OutsideYourArea),
        (InCharge(wang, Role.ADMINISTRATOR, GROUND), Forbidden),
    ]
    for by, refusal in refused:
        with pytest.raises(refusal):
            do(by, venue.pk, now)
    with pytest.raises(NotFound):
        do(as_administrator(), 0, now)
    assert not Act.objects.exists()
    assert Deputy.objects.get().account == deputy


def test_whoever_lost_the_role_here_has_lost_the_venue(
    venue: Venue, manager: Account, wang: Account, now: datetime
) -> None:
    Deputy.objects.create(venue=venue, account=wang)
    Grant.objects.filter(account__in=[manager, wang]).update(area="31")
    for account in (manager, wang):
        again = Account.objects.get(pk=account.pk)
        assert list(venues_of(again)) == []
    with pytest.raises(OutsideYourArea):
        lifecycle.close(
            by=as_manager(Account.objects.get(pk=manager.pk)), venue_id=venue.pk, at=now
        )


def offered(venue: Venue, manager: Account, now: datetime) -> None:
    hands.offer(by=as_manager(manager), venue_id=venue.pk, username="wang", at=now)


def test_an_offer_is_answered_once(
    venue: Venue, manager: Account, wang: Account, now: datetime
) -> None:
    other = colleague("other")
    offered(venue, manager, now)
    for account, at in ((other, now), (manager, now), (wang, now + hands.OFFER_LIFE)):
        with pytest.raises(NoOffer):
            hands.accept(account=account, venue_id=venue.pk, at=at)
    for account in (other, manager):
        with pytest.raises(NoOffer):
            hands.decline(account=account, venue_id=venue.pk)
    with pytest.raises(NoOffer):
        hands.take_back(account=wang, venue_id=venue.pk)
    with pytest.raises(NoOffer):
        hands.accept(account=wang, venue_id=0, at=now)
    hands.decline(account=wang, venue_id=venue.pk)
    with pytest.raises(NoOffer):
        hands.accept(account=wang, venue_id=venue.pk, at=now)
    offered(venue, manager, now)
    hands.take_back(account=manager, venue_id=venue.pk)
    with pytest.raises(NoOffer):
        hands.accept(account=wang, venue_id=venue.pk, at=now)
    offered(venue, manager, now)
    hands.accept(account=wang, venue_id=venue.pk, at=now)
    with pytest.raises(NoOffer):
        hands.accept(account=wang, venue_id=venue.pk, at=now)
    assert Act.objects.count() == 1


def test_whoever_lost_the_role_hands_nothing_over_any_more(
    venue: Venue, manager: Account, wang: Account, now: datetime
) -> None:
    offered(venue, manager, now)
    Grant.objects.filter(account=manager).update(ends_at=now)
    assert offered_to(wang, at=now) == []
    with pytest.raises(NoOffer):
        hands.accept(account=wang, venue_id=venue.pk, at=now)
    assert not Act.objects.exists()


def test_an_offer_ends_with_what_it_rests_on(
    venue: Venue, manager: Account, wang: Account, now: datetime
) -> None:
    offered(venue, manager, now)
    Account.objects.filter(pk=manager.pk).update(is_active=False)
    assert offered_to(wang, at=now) == []
    with pytest.raises(NoOffer):
        hands.accept(account=wang, venue_id=venue.pk, at=now)
    Account.objects.filter(pk=manager.pk).update(is_active=True)
    Grant.objects.filter(account=wang).update(area="31")
    with pytest.raises(OutsideYourArea):
        hands.accept(account=Account.objects.get(pk=wang.pk), venue_id=venue.pk, at=now)
    lifecycle.close(by=as_manager(manager), venue_id=venue.pk, at=now)
    with pytest.raises(NoOffer):
        hands.accept(account=wang, venue_id=venue.pk, at=now)
    with pytest.raises(VenueIsClosed):
        offered(venue, manager, now)


def test_a_newer_offer_replaces_the_older(
    venue: Venue, manager: Account, wang: Account, now: datetime
) -> None:
    other = colleague("other")
    offered(venue, manager, now)
    hands.offer(by=as_manager(manager), venue_id=venue.pk, username="other", at=now)
    with pytest.raises(NoOffer):
        hands.accept(account=wang, venue_id=venue.pk, at=now)
    hands.accept(account=other, venue_id=venue.pk, at=now)
    assert list(venues_of(other)) == [venue]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_act_at_once_one_is_first(
    venue: Venue, manager: Account, wang: Account, now: datetime
) -> None:
    offered(venue, manager, now)
    by = as_administrator()

    def refused(act: Callable[[], object]) -> bool:
        try:
            act()
        except Refusal:
            return True
        finally:
            connection.close()
        return False

    acts: list[Callable[[], object]] = [
        lambda: hands.accept(account=wang, venue_id=venue.pk, at=now),
        lambda: hands.decline(account=wang, venue_id=venue.pk),
        lambda: hands.take_back(account=manager, venue_id=venue.pk),
    ]
    with ThreadPoolExecutor(6) as pool:
        assert sum(not one for one in pool.map(refused, acts * 2)) == 1
        closing = [lambda: lifecycle.close(by=by, venue_id=venue.pk, at=now)] * 4
        assert sum(not one for one in pool.map(refused, closing)) == 1
    assert Act.objects.filter(kind="venue-closed").count() == 1
