"""A second guardian joins by a code that the first one's phone shows."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import guardian_codes
from accounts.errors import (
    ProofNeeded,
    SelfAlreadyRegistered,
)
from accounts.guardian_code_models import GuardianCode
from accounts.guardian_codes import CODE_LIFE, TRIES, forget_codes, make_code
from accounts.holder_errors import (
    AlreadyLookedAfter,
    GuardianCodeExpired,
    GuardianCodeUsed,
    GuardianCodeWithdrawn,
    HasAHolder,
    OwnGuardianCode,
    WrongGuardianCode,
)
from accounts.models import Account, Guardianship, IdentityProof, Person, Relation
from accounts.services import resident_account, set_open
from healthcode.codes import keys
from healthcode.codes.status_lists import editions, indexes
from healthcode.core import Reason
from healthcode.residents.declarations.services import declare
from healthcode.web.errors import Refusal, TooMany
from tests.accounts.proving import proves_itself
from tests.codes.conftest import HEALTHY, at_the_door
from tests.evidence.conftest import World

NOWHERE = "192.0.2.1"


@pytest.fixture
def second(world: World) -> Account:
    return resident_account(phone="+8613900000001")


@pytest.fixture
def code(world: World, now: datetime) -> str:
    return make_code(account=world.zhang, person_id=world.child.pk, at=now).code


def join(account: Account, code: str, at: datetime, relation: Relation = Relation.CHILD) -> Person:
    return guardian_codes.join(
        account=account, code=code, relation=relation, address=NOWHERE, at=at
    )


def test_a_second_parent_joins_and_both_phones_show_valid_codes(
    world: World, second: Account, client_of: Callable[[Account], APIClient], now: datetime
) -> None:
    keys.keyring.forget()
    indexes.known_parts.forget()
    keys.make_key(starts=now - timedelta(days=1), signs_for=timedelta(days=90))
    declare(account=world.zhang, person=world.child, declaration=HEALTHY, at=now)
    first, other = client_of(world.zhang), client_of(second)
    path = f"/api/v1/people/{world.child.pk}"
    proves_itself(world.zhang)
    made = first.post(f"{path}/guardian-code")
    assert made.status_code == 201
    sent = {"code": made.json()["code"].lower().replace("-", " "), "relation": "child"}
    joined = other.post("/api/v1/people/join", sent, format="json")
    assert (joined.status_code, joined.json()["proof"]) == (201, "guardian")
    codes = [client.get(f"{path}/code").json()["code"] for client in (first, other, first)]
    proves_itself(second)
    assert other.get(f"{path}/export").status_code == 200
    for client in (first, other):
        (shown,) = client.get(f"{path}/guardians").json()
        assert set(shown) == {"since", "proof"}
    editions.publish(at=timezone.now())
    verdicts = {at_the_door(code, at=timezone.now()).reason for code in codes}
    assert verdicts == {Reason.OK}


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        ("use", GuardianCodeUsed),
        ("withdraw", GuardianCodeWithdrawn),
        ("replace", GuardianCodeWithdrawn),
        ("close the maker", GuardianCodeWithdrawn),
        ("wait an hour", GuardianCodeExpired),
        ("wait a day more", WrongGuardianCode),
        ("mistype", WrongGuardianCode),
    ],
)
def test_a_code_that_does_not_work_says_why_and_no_more(
    world: World, second: Account, code: str, now: datetime, spoil: str, refusal: type[Refusal]
) -> None:
    zhang, child = world.zhang, world.child.pk
    if spoil == "use":
        join(resident_account(phone="+8613900000003"), code, now)
    elif spoil == "withdraw":
        guardian_codes.withdraw_code(account=zhang, person_id=child)
    elif spoil == "replace":
        make_code(account=zhang, person_id=child, at=now)
    elif spoil == "close the maker":
        set_open(account=zhang, is_open=False)
    elif spoil == "mistype":
        code = "0000-0000"
    later = {"wait an hour": CODE_LIFE, "wait a day more": CODE_LIFE + timedelta(days=1, hours=1)}
    at = now + later.get(spoil, timedelta())
    forget_codes(at)
    with pytest.raises(refusal) as refused:
        join(second, code, at)
    said = str(refused.value.detail)
    assert "张" not in said
    assert str(child) not in said
    assert not second.guardianships.exists()


def test_the_maker_does_not_use_the_code_up(
    world: World, second: Account, code: str, now: datetime
) -> None:
    with pytest.raises(OwnGuardianCode):
        join(world.zhang, code, now)
    assert join(second, code, now) == world.child
    with pytest.raises(AlreadyLookedAfter):
        join(second, code, now)


def test_an_account_that_is_closed_out_of_its_tries_waits(second: Account, now: datetime) -> None:
    for _ in range(TRIES.most):
        with pytest.raises(WrongGuardianCode):
            join(second, "0000-0000", now)
    with pytest.raises(TooMany):
        join(second, "0000-0000", now)


@pytest.mark.parametrize("proof", [None, IdentityProof.EARLIER])
def test_who_has_proven_nothing_makes_no_code(
    world: World, now: datetime, proof: IdentityProof | None
) -> None:
    known = Guardianship.objects.filter(person=world.child)
    known.update(proof=proof, proven_at=None)
    with pytest.raises(ProofNeeded):
        make_code(account=world.zhang, person_id=world.child.pk, at=now)


def test_a_code_of_somebody_who_lost_the_proof_is_void(
    world: World, second: Account, code: str, now: datetime
) -> None:
    Guardianship.objects.filter(person=world.child).delete()
    with pytest.raises(GuardianCodeWithdrawn):
        join(second, code, now)


def test_a_grown_child_takes_over_their_own_code(
    world: World, second: Account, code: str, now: datetime
) -> None:
    join(second, code, now, Relation.SELF)
    assert second.guardianships.get().relation == Relation.SELF
    assert world.child.guardianships.count() == 2
    again = make_code(account=world.zhang, person_id=world.child.pk, at=now).code
    with pytest.raises(HasAHolder):
        join(resident_account(phone="+8613900000003"), again, now, Relation.SELF)
    with pytest.raises(SelfAlreadyRegistered):
        join(world.stranger.guardianships.get().account, again, now, Relation.SELF)
    assert GuardianCode.objects.filter(ending="").count() == 1


def test_a_second_guardian_lets_a_third_join_and_outlasts_an_older_claim(
    world: World, second: Account, code: str, now: datetime
) -> None:
    join(second, code, now)
    third = resident_account(phone="+8613900000003")
    join(third, make_code(account=second, person_id=world.child.pk, at=now).code, now)
    assert Guardianship.objects.filter(person=world.child).count() == 3


@pytest.mark.django_db(transaction=True)
def test_of_two_accounts_at_the_same_instant_one_joins(
    world: World, code: str, now: datetime
) -> None:
    accounts = [resident_account(phone=f"+861390000001{n}") for n in range(4)]
    barrier = threading.Barrier(len(accounts))

    def attempt(account: Account) -> str:
        barrier.wait()
        try:
            join(account, code, now)
        except GuardianCodeUsed:
            return "used"
        finally:
            connection.close()
        return "joined"

    with ThreadPoolExecutor(len(accounts)) as pool:
        outcomes = sorted(pool.map(attempt, accounts))
    assert outcomes == ["joined", "used", "used", "used"]
    assert Guardianship.objects.filter(account__in=accounts).count() == 1


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_pages_lead_from_one_phone_to_the_other(
    world: World, second: Account, language: str, now: datetime
) -> None:
    first, other = Client(), Client()
    first.cookies["language"] = other.cookies["language"] = language
    first.force_login(world.zhang)
    asked = first.post(f"/people/{world.child.pk}/guardians", {"make": "1"})
    assert asked.url == "/login/check"
    proves_itself(world.zhang, first)
    other.force_login(second)
    page = f"/people/{world.child.pk}/guardians"
    assert page in first.get("/me").content.decode()
    assert "/me/join" in other.get("/me").content.decode()
    shown = first.post(page, {"make": "1"}).content.decode()
    code = re.findall(r"short-code\">([0-9A-Z-]{9})<", shown)[0]
    assert code not in first.get(page).content.decode()
    sent = {"code": code, "relation": "child"}
    assert other.post("/me/join", sent | {"relation": ""}).status_code == 422
    assert other.post("/me/join", sent | {"code": "1"}).status_code == 422
    assert other.post("/me/join", sent).url == "/me"
    assert "guardians" in other.get("/me").content.decode()
    assert other.post("/me/join", sent).status_code == 409
    assert other.get(page).status_code == 200
    assert Client().get("/me/join").url.startswith("/login")


def test_a_code_is_withdrawn_on_the_page(world: World, second: Account, now: datetime) -> None:
    client = Client()
    client.force_login(world.zhang)
    page = f"/people/{world.child.pk}/guardians"
    proves_itself(world.zhang, client)
    client.post(page, {"make": "1"})
    assert 'name="withdraw"' in client.get(page).content.decode()
    assert client.post(page, {"withdraw": "1"}).url == page
    assert 'name="withdraw"' not in client.get(page).content.decode()
    assert client.get(f"/people/{world.stranger.pk}/guardians").status_code == 404


def test_what_version_1_0_registered_must_be_proven_first(world: World) -> None:
    Guardianship.objects.filter(person=world.child).update(
        proof=IdentityProof.EARLIER, proven_at=None
    )
    client = Client()
    client.force_login(world.zhang)
    proves_itself(world.zhang, client)
    answer = client.post(f"/people/{world.child.pk}/guardians", {"make": "1"}, follow=True)
    assert answer.redirect_chain == [(f"/people/{world.child.pk}/proof", 302)]
    assert "要让另一部手机加入" in answer.content.decode()
    again = client.post(f"/people/{world.child.pk}/proof")
    assert again.status_code == 403
