"""Somebody has lost their telephone, and an officer gives their account another one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts import logins, services
from accounts.errors import (
    CodeVoid,
)
from accounts.holder_errors import (
    NameDiffers,
    NoAccountOfTheirOwn,
    PhoneInUse,
    PhoneJustChanged,
)
from accounts.holders import ShownDocument
from accounts.models import Account, Guardianship, IdentityProof, Role
from accounts.selectors import people_of
from accounts.services import resident_account
from accounts.telephones.codes import TypedCode
from accounts.telephones.services import Here, begin_change, change_phone, number_of
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.officers.phones.services import begin_at_desk, change_phone_at_desk
from healthcode.web.errors import Forbidden, InvalidInput, NotFound
from tests.accounts.conftest import api_client
from tests.accounts.telephones.conftest import NEW, Messages, code_in
from tests.acts import GROUND, SENT_GROUND
from tests.evidence.conftest import HOME, ZHANGS_PASSPORT, World, staff

pytestmark = pytest.mark.django_db

SHOWN = ShownDocument("张三", "20", ZHANGS_PASSPORT)
SENT = {
    "name": "张三",
    "id_type": "20",
    "id_number": ZHANGS_PASSPORT,
    "phone": NEW,
    "document_seen": True,
    **SENT_GROUND,
}
OLD = "13800000001"


def change(
    world: World, messages: Messages, at: datetime, login: str, shown: ShownDocument = SHOWN
) -> Act:
    """Enter the code that the new telephone received."""
    new = TypedCode(NEW, code_in(messages(NEW)[-1]), login)
    return change_phone_at_desk(account=world.officer, shown=shown, new=new, ground=GROUND, at=at)


def test_the_account_moves_with_everybody_in_it(
    world: World,
    now: datetime,
    messages: Messages,
    django_capture_on_commit_callbacks: Any,
) -> None:
    lost = api_client(world.zhang)
    started = begin_at_desk(account=world.officer, shown=SHOWN, phone=NEW, at=now)
    with django_capture_on_commit_callbacks(execute=True):
        act = change(world, messages, now, started.login)
    assert (act.kind, act.area) == (ActKind.TELEPHONE_CHANGED, HOME)
    assert act.detail == {"person": world.person.pk, "holder": world.zhang.pk}
    assert lost.get("/api/v1/people").status_code == 401
    account = resident_account(phone="+86" + NEW)
    assert account == world.zhang
    assert [one.id for one in people_of(account)] == [world.person.pk, world.child.pk]
    assert "89" in messages(OLD)[-1]
    assert "12345" in messages(OLD)[-1]


def test_wrong_documents_are_refused_before_anything_is_sent(
    world: World, now: datetime, messages: Messages
) -> None:
    elsewhere = staff("officer-31", Role.OFFICER, "31")
    for shown, officer, refusal in (
        (ShownDocument("张三", "20", "E19999999"), world.officer, NotFound),
        (ShownDocument("李四", "20", ZHANGS_PASSPORT), world.officer, NameDiffers),
        (ShownDocument("张小花", "20", "E10000002"), world.officer, NoAccountOfTheirOwn),
        (SHOWN, elsewhere, NotFound),
        (SHOWN, world.zhang, Forbidden),
    ):
        with pytest.raises(refusal):
            begin_at_desk(account=officer, shown=shown, phone=NEW, at=now)
    assert messages(NEW) == []


@pytest.mark.parametrize("proof", [None, IdentityProof.EARLIER])
def test_an_account_that_only_claims_the_person_is_not_theirs(
    world: World, now: datetime, proof: IdentityProof | None
) -> None:
    own = Guardianship.objects.filter(person=world.person)
    own.update(proof=proof, proven_at=None)
    with pytest.raises(NoAccountOfTheirOwn):
        begin_at_desk(account=world.officer, shown=SHOWN, phone=NEW, at=now)


def test_no_officer_takes_an_account_for_themselves(
    world: World, now: datetime, messages: Messages
) -> None:
    services.set_staff_phone(account=world.officer, phone=NEW)
    with pytest.raises(InvalidInput):
        begin_at_desk(account=world.officer, shown=SHOWN, phone=NEW, at=now)
    world.zhang.grants.create(role=Role.OFFICER, area="33")
    with pytest.raises(Forbidden):
        begin_at_desk(
            account=Account.objects.get(pk=world.zhang.pk), shown=SHOWN, phone=NEW, at=now
        )


def test_the_number_that_the_person_has_is_no_other_one(
    world: World, now: datetime, messages: Messages
) -> None:
    with pytest.raises(InvalidInput):
        begin_at_desk(account=world.officer, shown=SHOWN, phone=OLD, at=now)
    assert not messages(OLD)


def test_a_number_of_somebody_registered_is_refused(
    world: World, now: datetime, messages: Messages
) -> None:
    stranger = "13800000002"
    started = begin_at_desk(account=world.officer, shown=SHOWN, phone=stranger, at=now)
    new = TypedCode(stranger, code_in(messages(stranger)[-1]), started.login)
    with pytest.raises(PhoneInUse):
        change_phone_at_desk(account=world.officer, shown=SHOWN, new=new, ground=GROUND, at=now)
    assert number_of(Account.objects.get(pk=world.zhang.pk)) == "+86" + OLD
    assert not Act.objects.filter(kind=ActKind.TELEPHONE_CHANGED).exists()


def test_the_code_of_one_officer_serves_no_other(
    world: World, now: datetime, messages: Messages
) -> None:
    colleague = staff("colleague", Role.OFFICER, "33")
    started = begin_at_desk(account=colleague, shown=SHOWN, phone=NEW, at=now)
    with pytest.raises(InvalidInput):
        change(world, messages, now, started.login)


def test_the_interface_counts_wrong_codes_also_with_a_key(
    world: World, officer_client: APIClient, messages: Messages
) -> None:
    url = "/api/v1/lost-phones"
    sent = officer_client.post(f"{url}/codes", SENT, format="json")
    assert sent.status_code == 202
    login = sent.json()["login"]
    for n in range(logins.TRIES):
        body = {**SENT, "otp": f"00000{n}", "login": login}
        answer = officer_client.post(url, body, format="json", HTTP_IDEMPOTENCY_KEY=f'"wrong-{n}"')
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/otp"]
    body = {**SENT, "otp": code_in(messages(NEW)[-1]), "login": login}
    assert officer_client.post(url, body, format="json").status_code == 429


def test_five_wrong_codes_end_it(world: World, now: datetime, messages: Messages) -> None:
    started = begin_at_desk(account=world.officer, shown=SHOWN, phone=NEW, at=now)
    wrong = TypedCode(NEW, "000000", started.login)
    for _ in range(logins.TRIES):
        with pytest.raises(InvalidInput):
            change_phone_at_desk(
                account=world.officer, shown=SHOWN, new=wrong, ground=GROUND, at=now
            )
    with pytest.raises(CodeVoid):
        change(world, messages, now, started.login)


def test_the_page_asks_for_the_code_and_records_the_act(world: World, messages: Messages) -> None:
    page = Client()
    page.cookies["language"] = "en"
    page.force_login(world.officer)
    assert "Telephone lost" in page.get("/officer").content.decode()
    form = {name: value for name, value in SENT.items() if value is not True}
    html = page.post("/officer/phone", {**form, "step": "send"}).content.decode()
    assert "Look at the document first" in html
    form["document_seen"] = "1"
    html = page.post("/officer/phone", {**form, "step": "send"}).content.decode()
    assert "The person reads it to you" in html
    login = html.partition('name="login" value="')[2].partition('"')[0]
    code = {**form, "step": "change", "login": login, "otp": "000000"}
    wrong = page.post("/officer/phone", code)
    assert wrong.status_code == 422
    assert 'id="otp-fault"' in wrong.content.decode()
    code["otp"] = code_in(messages(NEW)[-1])
    done = page.post("/officer/phone", code, follow=True).content.decode()
    assert "The person logs in with the new number now." in done
    assert "Telephone of a person changed" in page.get("/officer").content.decode()


@pytest.mark.django_db(transaction=True)
def test_officer_and_holder_at_the_same_instant(
    world: World, now: datetime, messages: Messages
) -> None:
    other, later = "13700137055", now + timedelta(minutes=2)
    begun = begin_change(account=world.zhang, phone=other, at=now)
    old = TypedCode("", code_in(messages(OLD)[-1]), begun.old.login)
    own = TypedCode(other, code_in(messages(other)[-1]), begun.new.login)
    started = begin_at_desk(account=world.officer, shown=SHOWN, phone=NEW, at=later)
    desk = TypedCode(NEW, code_in(messages(NEW)[-1]), started.login)
    together = Barrier(2)

    def by_officer() -> bool:
        together.wait(10)
        change_phone_at_desk(account=world.officer, shown=SHOWN, new=desk, ground=GROUND, at=later)
        connection.close()
        return True

    def by_holder() -> bool:
        holder = Account.objects.get(pk=world.zhang.pk)
        together.wait(10)
        try:
            change_phone(account=holder, new=own, old=old, here=Here(), at=later)
        except PhoneJustChanged:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(by_officer), pool.submit(by_holder)]
        assert asked[0].result(30) is True
        asked[1].result(30)
    # The act counts whoever came first: the holder's change before it, or none after it.
    assert number_of(Account.objects.get(pk=world.zhang.pk)) == "+86" + NEW
    assert resident_account(phone="+86" + NEW) == world.zhang
