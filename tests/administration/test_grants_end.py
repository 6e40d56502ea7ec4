"""Roles end on their last day, or are taken back one by one; nobody has them afterwards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import grants
from accounts.errors import OutsideYourArea
from accounts.models import Account, Grant, Role
from healthcode.acts.models import Act, Proposal
from healthcode.administration import staff as administration
from healthcode.administration.administrator import Administrator
from healthcode.administration.errors import LastAdministrator, RoleEnded
from healthcode.administration.plans import ChangedAccount, StaffGrant
from healthcode.evidence.models import ReportKind, SourceGrant
from healthcode.sources.granting import grant_reporting
from healthcode.web.days import day_of, end_of_today
from healthcode.web.errors import Forbidden, InvalidInput
from tests.accounts.conftest import api_client
from tests.administration import GROUND, administrator
from tests.areas.conftest import staff
from tests.colours import world
from tests.verifier.partner import PartnerMachine
from verifier.partners.services import register

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("areas")]

DAY: Final = timedelta(days=1)


def browser(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def end(account: Account, *, at: datetime) -> None:
    """Let all roles of an account end at an instant."""
    for grant in account.grants.ever():
        grants.set_end(grant=grant, ends_at=at)


def given(by: Administrator, grant: StaffGrant, *, at: datetime) -> Account:
    """Give a role that waits for nobody, and return the account as it is now."""
    done = administration.add_staff(by=by, grant=grant, at=at)
    assert isinstance(done, ChangedAccount)
    return Account.objects.get(pk=done.account.pk)


def test_an_ended_role_opens_neither_pages_nor_calls() -> None:
    officer, now = staff("zhou", Role.OFFICER, "33"), timezone.now()
    page, program = browser(officer), api_client(officer)

    def answers() -> tuple[int, int]:
        return page.get("/officer").status_code, program.get("/api/v1/held-lines").status_code

    end(officer, at=now + DAY)
    assert answers() == (200, 200)
    end(officer, at=now)
    assert answers() == (403, 403)


def test_the_token_tells_what_holds_to_the_microsecond() -> None:
    officer, now = staff("zhou", Role.OFFICER, "33"), timezone.now()
    officer.grants.create(role=Role.VENUE_MANAGER, area="3301")
    api_client(officer)
    end(officer, at=now)
    officer.grants.filter(role=Role.VENUE_MANAGER).update(ends_at=None)

    def roles(at: datetime) -> list[str]:
        with connection.cursor() as cursor:
            found = (
                "SELECT grants FROM accounts_token AS token, accounts_token_of(token.digest, %s)"
            )
            cursor.execute(found, [at])
            return sorted(cursor.fetchone()[0])

    assert roles(now) == ["venue_manager:3301"]
    assert roles(now - timedelta(microseconds=1)) == ["officer:33", "venue_manager:3301"]


def test_a_partner_whose_role_has_ended_gets_no_token() -> None:
    machine, now = PartnerMachine(), timezone.now()
    register(
        name=machine.name,
        keys=machine.public_keys(),
        scopes=["verify"],
        codes_per_minute=9,
        contact="",
        at=now,
    )
    assert machine.asks(assertion=machine.assertion(at=now)).status_code == 200
    end(Account.objects.get(username=machine.name), at=now)
    assert machine.asks(assertion=machine.assertion(at=now)).status_code == 401


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (730, True), (731, False)])
def test_the_last_day_is_within_two_years(days: int, *, holds: bool) -> None:
    by, at = administrator("33"), timezone.now()
    until = day_of(at) + days * DAY
    grant = StaffGrant("hospital", Role.SOURCE, "33", until=until)
    if not holds:
        with pytest.raises(InvalidInput):
            administration.add_staff(by=by, grant=grant, at=at)
        return
    given(by, grant, at=at)
    [stored] = Grant.objects.filter(account__username="hospital")
    assert stored.ends_at == end_of_today(at) + days * DAY
    assert Act.objects.get().detail["until"] == until.isoformat()


def test_a_role_that_holds_gets_another_end_and_keeps_its_beginning() -> None:
    by, at = administrator("33"), timezone.now()
    later = at + DAY
    until = day_of(at) + 9 * DAY
    given(by, StaffGrant("hospital", Role.SOURCE, "33", until=until), at=at)
    given(by, StaffGrant("hospital", Role.SOURCE, "33"), at=later)
    [grant] = Grant.objects.filter(account__username="hospital")
    assert (grant.granted_at, grant.ends_at) == (at, None)


def test_a_role_is_given_anew_after_its_end_without_what_it_could_report() -> None:
    by, at = administrator("33"), timezone.now()
    source = given(by, StaffGrant("hospital", Role.SOURCE, "33"), at=at)

    def allow() -> None:
        grant_reporting(
            account=by.account,
            source="hospital",
            area="33",
            kinds={ReportKind.CASES},
            reddening_lines_a_day=None,
            ground=GROUND,
            at=at,
        )

    allow()
    end(source, at=at)
    with pytest.raises(InvalidInput):
        allow()
    assert SourceGrant.objects.exists()
    given(by, StaffGrant("hospital", Role.SOURCE, "33"), at=at + DAY)
    [grant] = Grant.objects.filter(account=source)
    assert (grant.granted_at, grant.ends_at, grant.granted_by) == (at + DAY, None, by.account)
    assert not SourceGrant.objects.exists()
    allow()
    administration.take_back(by=by, grant=grant, at=at + 2 * DAY)
    assert not SourceGrant.objects.exists()


def test_one_role_is_taken_back_and_the_others_stay() -> None:
    by, at = administrator("33"), timezone.now()
    officer = staff("zhou", Role.OFFICER, "33")
    venues = officer.grants.create(role=Role.VENUE_MANAGER, area="3301")
    taken = officer.grants.get(role=Role.OFFICER)
    administration.take_back(by=by, grant=taken, at=at)
    assert list(officer.grants.in_force(at)) == [venues]
    act = Act.objects.get()
    assert (act.kind, act.area, act.account) == ("role-taken-back", "33", by.account)
    assert act.detail == {"account": officer.pk, "role": "officer"}
    with pytest.raises(RoleEnded):
        administration.take_back(by=by, grant=taken, at=at)
    assert Act.objects.count() == 1


def test_nobody_takes_back_what_others_administer() -> None:
    officer = staff("zhou", Role.OFFICER, "33")
    by = Administrator(staff("below", Role.ADMINISTRATOR, "3301"), GROUND)
    with pytest.raises(OutsideYourArea):
        administration.take_back(by=by, grant=officer.grants.get(), at=timezone.now())
    with pytest.raises(Forbidden):
        administration.take_back(
            by=Administrator(officer, GROUND), grant=officer.grants.get(), at=timezone.now()
        )
    assert not Act.objects.exists()


def test_an_area_keeps_an_administrator_without_an_end() -> None:
    by, at = administrator("33"), timezone.now()
    own = by.account.grants.get()
    below, beside = (staff(name, Role.ADMINISTRATOR, "33") for name in ("below", "beside"))
    grants.set_end(grant=below.grants.get(), ends_at=at + 400 * DAY)
    grants.set_end(grant=beside.grants.get(), ends_at=at)

    def leave() -> None:
        administration.take_back(by=by, grant=own, at=at)

    def close() -> None:
        administration.set_open(by=by, account=by.account, is_open=False, at=at)

    def get_an_end() -> None:
        name = str(by.account.username)
        grant = StaffGrant(name, Role.ADMINISTRATOR, "33", until=day_of(at) + DAY)
        administration.add_staff(by=by, grant=grant, at=at)

    steps: tuple[Callable[[], None], ...] = (leave, close, get_an_end)
    for step in steps:
        with pytest.raises(LastAdministrator):
            step()
    grants.set_end(grant=beside.grants.get(), ends_at=None)
    beside.set_unusable_password()  # invited, and never came
    beside.save()
    for step in steps:
        with pytest.raises(LastAdministrator):
            step()
    beside.set_password("correct horse battery")
    beside.save()
    leave()
    assert not by.account.grants.in_force(at).exists()


def test_a_narrower_role_of_the_last_administrator_can_go() -> None:
    by, at = administrator("33"), timezone.now()
    narrow = by.account.grants.create(role=Role.ADMINISTRATOR, area="3301")
    administration.take_back(by=by, grant=narrow, at=at)
    with pytest.raises(LastAdministrator):
        administration.take_back(by=by, grant=by.account.grants.get(area="33"), at=at)


def test_taking_roles_back_lets_nobody_act_alone() -> None:
    """A second person who has been taken away still counts as one who could confirm."""
    world.publish(world.QUIET_TEXT)
    by, at = administrator("33"), timezone.now()
    zhou = staff("zhou", Role.OFFICER, "33")
    administration.take_back(by=by, grant=zhou.grants.get(), at=at)
    for name in ("friend", "zhou"):
        grant = StaffGrant(name, Role.OFFICER, "33")
        assert isinstance(administration.add_staff(by=by, grant=grant, at=at), Proposal)


def test_an_account_without_a_role_stays_in_the_hands_of_those_who_had_it() -> None:
    by, at = administrator("33"), timezone.now()
    gone = staff("zhou", Role.OFFICER, "3301")
    administration.take_back(by=by, grant=gone.grants.get(), at=at)
    elsewhere = Administrator(staff("elsewhere", Role.ADMINISTRATOR, "31"), GROUND)
    with pytest.raises(OutsideYourArea):
        administration.set_open(by=elsewhere, account=gone, is_open=False, at=at)
    administration.set_open(by=by, account=gone, is_open=False, at=at)
    assert not Account.objects.get(pk=gone.pk).is_active


def test_what_was_is_no_hindrance_where_somebody_works_now() -> None:
    """Whoever moves to another area is administered there, and no longer where they were."""
    at = timezone.now()
    moved = staff("zhou", Role.OFFICER, "31")
    end(moved, at=at - DAY)
    moved.grants.create(role=Role.OFFICER, area="33")
    administration.set_open(by=administrator("33"), account=moved, is_open=False, at=at)
    assert not Account.objects.get(pk=moved.pk).is_active
