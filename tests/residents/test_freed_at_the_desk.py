"""Whoever is locked out by wrong answers about their document shows it at the desk."""

from collections.abc import Callable
from datetime import datetime

import pytest

from accounts import services, step_up
from accounts.admission import NewPerson
from accounts.errors import StepUpLocked, StepUpNeeded, WrongDocument
from accounts.models import Account
from healthcode.officers.proofs.services import see_document
from healthcode.web.errors import InvalidInput
from tests.acts import GROUND
from tests.evidence.conftest import HOME, ZHANGS_PASSPORT, World

NEW = "E77777777"


@pytest.fixture
def locked(world: World, now: datetime) -> str:
    """The text of a question about Zhang's document, after five wrong answers."""
    with pytest.raises(StepUpNeeded) as needed:
        step_up.require_at_login(account=world.zhang, at=now)
    text = str(needed.value.members["step_up"])
    for _answer in range(step_up.TRIES):
        with pytest.raises(WrongDocument):
            step_up.answer(step_up=text, document_last4="9999", at=now)
    return text


@pytest.fixture
def seen(world: World, now: datetime) -> Callable[[str], None]:
    """Let an officer see a document of whoever logs in with Zhang's telephone."""

    def see(number: str) -> None:
        see_document(
            account=world.officer,
            phone="+8613800000001",
            relation=None,
            seen=NewPerson("张三", "20", number, HOME),
            ground=GROUND,
            at=now,
        )

    return see


def test_the_document_that_is_asked_for_frees_the_account(
    world: World, locked: str, seen: Callable[[str], None], now: datetime
) -> None:
    with pytest.raises(StepUpLocked):
        step_up.answer(step_up=locked, document_last4=ZHANGS_PASSPORT[-4:], at=now)
    seen(ZHANGS_PASSPORT)
    proven = step_up.answer(step_up=locked, document_last4=ZHANGS_PASSPORT[-4:], at=now)
    assert proven.account == world.zhang


def test_no_officer_sees_a_document_for_the_telephone_of_their_own(
    world: World, seen: Callable[[str], None]
) -> None:
    services.set_staff_phone(account=world.officer, phone="13800000001")
    with pytest.raises(InvalidInput):
        seen(NEW)


def test_another_document_frees_nothing(
    world: World, locked: str, seen: Callable[[str], None]
) -> None:
    """Otherwise whoever has the telephone now would get new tries with a document of their own."""
    seen(NEW)
    assert step_up.is_locked(Account.objects.get(pk=world.zhang.pk))
