"""Roles with a last day, and roles that are taken back, on pages and by commands."""

from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.utils import timezone

from accounts import grants
from accounts.models import Account, Grant, Role
from healthcode.acts.models import Act, Proposal
from healthcode.web.days import day_of, end_of_today
from tests.acts import SENT_GROUND
from tests.administration import administer
from tests.administration.test_pages import LANGUAGES, browser, give, li, page_of
from tests.areas.conftest import staff

__all__ = ["li"]

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def taken(account: Account, grant: Grant, by: Account) -> tuple[int, str]:
    """Take a role back on the page; return the status, and where it leads or what it says."""
    form = {**SENT_GROUND, "step": "take-back", "grant": str(grant.pk)}
    answer = browser(by).post(page_of(account), form)
    return answer.status_code, answer.headers.get("Location") or answer.content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_takes_one_role_back(li: Account, language: str) -> None:
    zhou = Account.objects.get(username="zhou")
    zhou.grants.create(role=Role.VENUE_MANAGER, area="3301")
    desk = browser(zhou)
    assert desk.get("/officer").status_code == 200
    grant = zhou.grants.get(role=Role.OFFICER)
    button = {"en": "Take this role back", "zh-hans": "收回这个角色"}[language]
    assert browser(li, language).get(page_of(zhou)).content.decode().count(button) == 2
    assert taken(zhou, grant, li) == (302, page_of(zhou))
    assert desk.get("/officer").status_code == 403
    assert desk.get("/venues").status_code == 200
    shown = browser(li, language).get(page_of(zhou)).content.decode()
    assert shown.count(button) == 1
    assert {"en": "ended ", "zh-hans": "已结束"}[language] in shown
    assert Act.objects.filter(account=li).get().kind == "role-taken-back"
    status, said = taken(zhou, grant, li)
    assert (status, "does not have this role any more" in said) == (409, True)


def test_nobody_takes_a_role_back_without_a_ground(li: Account) -> None:
    zhou = Account.objects.get(username="zhou")
    form = {"step": "take-back", "grant": str(zhou.grants.get().pk)}
    assert browser(li).post(page_of(zhou), form).status_code == 422
    foreign = staff("elsewhere", Role.OFFICER, "31")
    status, _said = taken(zhou, foreign.grants.get(), li)
    assert status == 409
    assert taken(foreign, foreign.grants.get(), li)[0] == 404
    assert not Grant.objects.ended(timezone.now() + DAY).exists()


def test_the_last_administrator_is_told_the_way(li: Account) -> None:
    status, said = taken(li, li.grants.get(), li)
    assert status == 409
    assert "First give another account the role of an administrator there" in said
    staff("chen", Role.ADMINISTRATOR, "33")
    assert taken(li, li.grants.get(), li)[0] == 302
    assert browser(li).get("/administration").status_code == 403


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_role_with_a_last_day_waits_and_shows_it(li: Account, language: str) -> None:
    until = day_of(timezone.now()) + 20 * DAY
    where = give(browser(li), "wang", Role.OFFICER, until=until.isoformat())
    proposal = Proposal.objects.get()
    assert where == f"/officer/proposals/{proposal.pk}"
    zhou = Account.objects.get(username="zhou")
    shown = browser(zhou, language).get(where).content.decode()
    assert {"en": "Last day of the role", "zh-hans": "截止日期"}[language] in shown
    confirmed = {**SENT_GROUND, "fingerprint": proposal.fingerprint, "checked": "1"}
    answer = browser(zhou).post(where, {**confirmed, "step": "confirm"})
    assert answer.status_code == 302, answer.content.decode()
    grant = Grant.objects.get(account__username="wang")
    assert grant.ends_at == end_of_today(timezone.now()) + 20 * DAY
    listed = browser(li, language).get("/administration").content.decode()
    assert {"en": "1 role ends within 30 days.", "zh-hans": "有1个角色将在30天内到期"}[
        language
    ] in listed


@pytest.mark.parametrize("typed", ["yesterday", "2999-01-01", "1999-12-31", "2027-02-30"])
def test_a_last_day_that_cannot_be_is_a_sentence(li: Account, typed: str) -> None:
    said = give(browser(li), "hospital", Role.SOURCE, until=typed)
    assert 'id="until-fault"' in said
    assert not Account.objects.filter(username="hospital").exists()


def test_the_list_forgets_roles_that_ended_long_ago(li: Account) -> None:
    gone = staff("gone", Role.SOURCE, "33")

    def shows(search: str = "") -> bool:
        return "gone" in browser(li).get(f"/administration{search}").content.decode()

    grants.set_end(grant=gone.grants.get(), ends_at=timezone.now() - 89 * DAY)
    assert shows()
    grants.set_end(grant=gone.grants.get(), ends_at=timezone.now() - 91 * DAY)
    assert not shows()
    assert shows("?name=gon")


def test_commands_say_until_when_and_take_back() -> None:
    until = day_of(timezone.now()) + DAY
    wang = ("wang", "--role=officer")
    administer("add_staff", *wang, f"--until={until}")
    [grant] = Grant.objects.filter(account__username="wang")
    assert grant.ends_at == end_of_today(timezone.now()) + DAY
    assert administer("take_back_role", *wang) == "wang: no officer of the whole country any more\n"
    with pytest.raises(CommandError, match="does not have this role any more"):
        administer("take_back_role", *wang)
    with pytest.raises(CommandError, match="First give another account"):
        administer("take_back_role", "demo.administrator", "--role=administrator")
    with pytest.raises(CommandError, match="argument --until"):
        administer("add_staff", *wang, "--until=soon")
