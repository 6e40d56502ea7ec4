"""Nobody alone makes an officer or an administrator, nor takes over the account of one."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from accounts import invitations
from accounts.errors import InvitationOver, OutsideYourArea, PeopleAndMachines
from accounts.models import Account, Grant, Role
from healthcode.acts.models import Act, Proposal
from healthcode.administration import services
from healthcode.administration import staff as administration
from healthcode.administration.administrator import Administrator
from healthcode.administration.plans import StaffGrant
from healthcode.confirmation.errors import GrantedByProposer, OwnProposal
from healthcode.confirmation.services import Confirmed, confirm_proposal
from healthcode.web.errors import Forbidden, NotFound
from tests.accounts.conftest import api_client
from tests.administration import GROUND
from tests.areas.conftest import staff
from tests.colours import world
from tests.verifier.partner import PartnerMachine

pytestmark = pytest.mark.django_db
PASSWORD: Final = "correct horse battery"
GUARDED: Final = (Role.OFFICER, Role.ADMINISTRATOR)


@dataclass
class Appointments:
    """An administrator of a province, and whoever a test adds."""

    at: datetime = field(default_factory=timezone.now)

    def __post_init__(self) -> None:
        world.areas("330106", "310101")
        self.li = staff("li", Role.ADMINISTRATOR, "33")

    def grant(
        self, name: str, role: Role = Role.OFFICER, area: str = "33", *, by: Account | None = None
    ) -> Any:
        administrator = Administrator(by or self.li, GROUND)
        return administration.add_staff(
            by=administrator, grant=StaffGrant(name, role, area), at=self.at
        )

    def reset(self, account: Account) -> Any:
        by = Administrator(self.li, GROUND)
        return administration.reset_password(by=by, account=account, at=self.at)

    def confirm(self, proposal: Proposal, by: Account) -> Confirmed:
        return confirm_proposal(
            account=Account.objects.get(pk=by.pk),
            proposal_id=proposal.pk,
            fingerprint=proposal.fingerprint,
            ground=GROUND,
            at=self.at,
        )


@pytest.fixture
def office() -> Appointments:
    world.publish(world.QUIET_TEXT)
    return Appointments()


def reader(language: str) -> Client:
    """Return the browser of somebody who reads this language."""
    browser = Client()
    browser.cookies["language"] = language
    return browser


@pytest.mark.parametrize("role", GUARDED)
@pytest.mark.parametrize("second", GUARDED)
def test_a_role_with_power_waits_for_a_second_person(
    office: Appointments, role: Role, second: Role
) -> None:
    zhou = staff("zhou", second, "33")

    proposal = office.grant("wang", role, "3301")

    assert isinstance(proposal, Proposal)
    assert (proposal.kind, proposal.role, proposal.area) == (
        *("staff-granted", "administrator"),
        "3301",
    )
    assert not Account.objects.filter(username="wang").exists()
    office.confirm(proposal, zhou)
    grant = Grant.objects.get(account__username="wang")
    assert (grant.role, grant.area, grant.granted_by) == (role, "3301", office.li)
    act = Act.objects.get(kind="staff-granted")
    assert (act.account, act.confirmed_by, act.role) == (office.li, zhou, "administrator")
    assert act.detail == {"account": grant.account_id, "role": role.value, "invited": True}


@pytest.mark.parametrize("role", [Role.SOURCE, Role.VENUE_MANAGER, Role.PARTNER])
def test_a_role_without_power_waits_for_nobody(office: Appointments, role: Role) -> None:
    staff("zhou", Role.OFFICER, "33")
    assert not isinstance(office.grant("wang", role), Proposal)


def test_who_may_not_be_the_second_person(office: Appointments) -> None:
    staff("zhou", Role.OFFICER, "33")
    proposal = office.grant("wang", area="33")
    beside, source = staff("beside", Role.OFFICER, "31"), staff("source", Role.SOURCE, "33")
    below, young = staff("below", Role.ADMINISTRATOR, "3301"), staff("young", Role.OFFICER, "33")
    young.grants.update(granted_by=office.li, granted_at=office.at - timedelta(days=6))
    refused = {
        office.li: OwnProposal,
        beside: OutsideYourArea,
        below: OutsideYourArea,
        source: Forbidden,
        young: GrantedByProposer,
    }
    for account, refusal in refused.items():
        with pytest.raises(refusal):
            office.confirm(proposal, account)
    assert not Account.objects.filter(username="wang").exists()


def test_an_officer_proposes_nobody(office: Appointments) -> None:
    zhou = staff("zhou", Role.OFFICER, "33")
    with pytest.raises(Forbidden):
        office.grant("wang", by=zhou)
    with pytest.raises(OutsideYourArea):
        office.grant("wang", area="31")


def test_while_nobody_could_confirm_it_a_grant_needs_nobody_and_says_so(
    office: Appointments,
) -> None:
    """An officer of another province could not; nor whom the administrator has just made one."""
    Grant.objects.exclude(account=office.li).delete()
    staff("elsewhere", Role.OFFICER, "31")
    for name in ("first", "second"):
        assert not isinstance(office.grant(name), Proposal)
        assert Act.objects.latest("pk").detail["nobody_could_confirm"] is True

    office.at += timedelta(days=8)

    assert isinstance(office.grant("third"), Proposal)


@pytest.mark.parametrize("area", ["", "33", "330106"])
def test_closing_an_account_does_not_open_the_door_again(office: Appointments, area: str) -> None:
    """Neither does it if the closed account is above, or below, the new one."""
    zhou = staff("zhou", Role.OFFICER, area)
    assert isinstance(office.grant("wang"), Proposal)
    Account.objects.filter(pk=zhou.pk).update(is_active=False)
    assert isinstance(office.grant("wang", Role.ADMINISTRATOR), Proposal)


@pytest.mark.parametrize("role", GUARDED)
def test_the_password_of_an_officer_waits_too(office: Appointments, role: Role) -> None:
    zhou, wang = staff("zhou", Role.OFFICER, "33"), staff("wang", role, "33")
    wang.set_password(PASSWORD)
    wang.save()

    proposal = office.reset(wang)

    assert isinstance(proposal, Proposal)
    wang.refresh_from_db()
    assert wang.check_password(PASSWORD)
    page = Client()
    page.force_login(wang)
    with pytest.raises(NotFound):
        invitations.show_token(account=wang, to=office.li, at=office.at)
    office.confirm(proposal, zhou)
    wang.refresh_from_db()
    assert not wang.check_password(PASSWORD)
    assert page.get("/officer/proposals").status_code == 302
    assert Act.objects.get(kind="password-reset").detail == {"account": wang.pk}


def test_no_way_leads_round_the_second_person(office: Appointments) -> None:
    """One administrator alone gets nothing with which to act as an officer who exists."""
    wang, by = staff("wang", Role.OFFICER, "33"), Administrator(office.li, GROUND)
    everywhere = Administrator(staff("chen", Role.ADMINISTRATOR, ""), GROUND)
    keys = PartnerMachine("wang").public_keys()
    terms = services.PartnerTerms("wang", keys, ["verify"], 60)

    def token() -> object:
        until = office.at + timedelta(days=1)
        return administration.issue_token(
            by=by, account=wang, label="", expires_at=until, at=office.at
        )

    ways: list[Callable[[], object]] = [
        token,
        lambda: office.grant("wang", Role.SOURCE),
        lambda: services.add_partner(by=everywhere, terms=terms, at=office.at),
    ]
    for way in ways:
        with pytest.raises((PeopleAndMachines, administration.OwnTokensOnly)):
            way()
    # A role that needs nobody gives no link to the account of somebody who has more.
    office.grant("wang", Role.VENUE_MANAGER)
    assert isinstance(office.reset(wang), Proposal)
    with pytest.raises(NotFound):
        invitations.show_token(account=wang, to=office.li, at=office.at)
    assert not wang.tokens.exists()


def test_only_its_proposer_sees_a_link_once_and_it_works_once_within_72_hours(
    office: Appointments,
) -> None:
    zhou = staff("zhou", Role.OFFICER, "33")
    office.confirm(office.grant("wang"), zhou)
    wang, at = Account.objects.get(username="wang"), office.at
    with pytest.raises(NotFound):
        invitations.show_token(account=wang, to=zhou, at=at)
    token = invitations.show_token(account=wang, to=office.li, at=at)
    with pytest.raises(NotFound):
        invitations.show_token(account=wang, to=office.li, at=at)
    for wrong, when in ((token, at + timedelta(hours=72)), (token + "x", at), ("", at), ("é", at)):
        with pytest.raises(InvitationOver):
            invitations.accept(token=wrong, password=PASSWORD, at=when)
    invitations.accept(token=token, password=PASSWORD, at=at + timedelta(hours=71))
    with pytest.raises(InvitationOver):
        invitations.accept(token=token, password="another horse battery", at=at)
    wang.refresh_from_db()
    assert wang.check_password(PASSWORD)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_owner_chooses_the_password_on_a_page(office: Appointments, language: str) -> None:
    office.grant("manager", Role.VENUE_MANAGER)
    account = Account.objects.get(username="manager")
    token = invitations.show_token(account=account, to=office.li, at=office.at)
    browser, page = reader(language), "/staff/password"
    with override(language):
        shown = browser.get(page, {"code": token})
        assert "manager" in shown.content.decode()
        assert token in shown.content.decode()
        for password, again, why in (
            ("short", "short", 'id="password-fault"'),
            (PASSWORD, "x", 'id="password-fault"'),
        ):
            sent = {"code": token, "password": password, "again": again}
            answer = browser.post(page, sent)
            assert (answer.status_code, why in answer.content.decode()) == (422, True)
        sent = {"code": token, "password": PASSWORD, "again": PASSWORD}
        assert browser.post(page, sent).headers["Location"] == "/staff/login"
        over = browser.get(page, {"code": token})
    assert over.status_code == 410
    assert str(InvitationOver.slug) not in over.content.decode()
    login = {"username": "manager", "password": PASSWORD}
    assert browser.post("/staff/login", login).headers["Location"] == "/venues"


@pytest.mark.parametrize("role", [*GUARDED, Role.VENUE_MANAGER])
def test_staff_make_their_own_token_for_12_hours(office: Appointments, role: Role) -> None:
    account = staff("wang", role, "33")
    browser = Client()
    browser.force_login(account)
    assert browser.get("/staff/token").status_code == 200
    assert not account.tokens.exists()
    shown = browser.post("/staff/token").content.decode()
    [token] = re.findall(r'<code class="token">([\w-]+)</code>', shown)
    kept = account.tokens.get()
    life = kept.expires_at - timezone.now()
    assert timedelta(hours=11, minutes=59) < life <= timedelta(hours=12)
    client = Client(headers={"Authorization": f"Bearer {token}"})
    expected = 403 if role is Role.VENUE_MANAGER else 200
    assert client.get("/api/v1/proposals").status_code == expected


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_administrator_confirms_on_the_page_and_by_the_interface(
    office: Appointments, language: str
) -> None:
    zhou = staff("zhou", Role.ADMINISTRATOR, "33")
    first, second = office.grant("wang"), office.grant("chen", Role.ADMINISTRATOR)
    browser = reader(language)
    browser.force_login(zhou)
    assert f"/officer/proposals/{first.pk}" in browser.get("/officer/proposals").content.decode()
    shown = browser.get(f"/officer/proposals/{first.pk}").content.decode()
    assert "wang" in shown
    assert ("防控人员" if language == "zh-hans" else "Officer") in shown
    sent = {"ground_kind": GROUND.kind.value, "ground": GROUND.text}
    form = {**sent, "step": "confirm", "checked": "1", "fingerprint": first.fingerprint}
    assert browser.post(f"/officer/proposals/{first.pk}", form).status_code == 302
    address = f"/api/v1/proposals/{second.pk}"
    client = api_client(zhou)
    assert client.get(address).json()["plan"]["grant"]["username"] == "chen"
    body = {**sent, "fingerprint": second.fingerprint}
    answer = client.post(f"{address}/confirmation", body, content_type="application/json")
    assert answer.json() == {"act": Act.objects.latest("pk").pk, "account": "chen"}
    assert Grant.objects.filter(granted_by=office.li).count() == 2
