"""Two proofs for one person at the same instant: one of them is the holder, whoever comes first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from django.db import connection

from accounts.admission import NewPerson
from accounts.errors import DocumentAlreadyRegistered
from accounts.models import Account, Guardianship, IdentityProof, Person, Relation, Role
from accounts.services import resident_account
from healthcode.officers.proofs.services import see_document
from tests.acts import GROUND
from tests.evidence.conftest import HOME, World, staff
from tests.residents.test_claims import NAME, PASSPORT, RIGHTFUL, load_roster, register

pytestmark = pytest.mark.django_db(transaction=True)
AT_THE_DESK = "+8613900000002"


def test_the_register_and_an_officer_prove_one_person(world: World, now: datetime) -> None:
    """Who showed the document is the holder, also if the register's answer came later."""
    register(resident_account(phone="+8613800000009"), now)
    load_roster(now)
    by_register, by_document = (resident_account(phone=one) for one in (RIGHTFUL, AT_THE_DESK))
    together = Barrier(2)

    def at_home() -> None:
        together.wait(10)
        try:
            register(by_register, now)
        except DocumentAlreadyRegistered:
            pass  # The officer's proof was there before, and it is the stronger one.
        finally:
            connection.close()

    def at_the_desk() -> None:
        together.wait(10)
        see(world.officer, AT_THE_DESK, now)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(at_home), pool.submit(at_the_desk)]:
            done.result(30)
    held = Guardianship.objects.get(person=Person.objects.get(guardianships__account=by_document))
    assert (held.account, held.relation) == (by_document, Relation.SELF)
    assert held.proof == IdentityProof.DOCUMENT


def test_two_officers_see_one_document_for_two_telephones(world: World, now: datetime) -> None:
    officers = [world.officer, staff("desk-2", Role.OFFICER, "33")]
    phones = [RIGHTFUL, AT_THE_DESK]
    for phone in phones:
        resident_account(phone=phone)
    together = Barrier(2)

    def seen_by(number: int) -> None:
        together.wait(10)
        see(officers[number], phones[number], now)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(seen_by, range(2)))
    (held,) = Guardianship.objects.filter(account__in=[resident_account(phone=p) for p in phones])
    assert (held.relation, held.proof) == (Relation.SELF, IdentityProof.DOCUMENT)


def see(officer: Account, phone: str, now: datetime) -> None:
    """Let the officer see the document of whoever logs in with `phone`."""
    seen = NewPerson(NAME, "20", PASSPORT, HOME)
    see_document(account=officer, phone=phone, relation=None, seen=seen, ground=GROUND, at=now)
