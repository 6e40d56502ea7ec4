"""Ask for the last characters of a document, which only the holder of an account knows.

A one-time code proves only who has the telephone now. So an account that looks after somebody asks
once more on every device that is not known, and again before what cannot be undone
(docs/decisions/0053-step-up.md).
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import sign_ins, vault
from accounts.authentication import digest
from accounts.errors import (
    AccountClosed,
    StepUpLocked,
    StepUpNeeded,
    StepUpOver,
    WrongDocument,
    invalid,
)
from accounts.event_models import AccountEventKind
from accounts.login_models import StepUp
from accounts.models import Account, Guardianship, Identity, KnownDevice, Person, Relation
from healthcode.web import texts
from healthcode.web.errors import Refusal

LIFE: Final = timedelta(minutes=10)
"""How long somebody may take to answer."""
RECENT: Final = timedelta(minutes=10)
"""How long an answer counts for what asks again."""
CHARACTERS: Final = 4
TRIES: Final = 5
_TYPED: Final = re.compile(f"[0-9A-Z]{{{CHARACTERS}}}")


@dataclass(frozen=True, slots=True)
class Question:
    """What a page shows before the answer: nothing that a stranger should not know.

    `is_login`: the answer ends a login. Otherwise somebody who is logged in is asked again.
    """

    sentence: str
    is_login: bool
    is_locked: bool


@dataclass(frozen=True, slots=True)
class ProvenAccount:
    """An account that has proven itself, and the device on which it did so, if that is known."""

    account: Account
    device: KnownDevice | None


def is_recent(proved_at: datetime | None, *, at: datetime) -> bool:
    """Return whether a proof at this time still counts; None: there was none."""
    return proved_at is not None and proved_at <= at < proved_at + RECENT


def require_at_login(*, account: Account, at: datetime) -> None:
    """Ask an account that logs in with its telephone on a device that is not known.

    Raises:
        StepUpNeeded: the account looks after somebody.
    """
    whose = _guardianship_asked(account)
    if whose is not None:
        raise _asked(whose, phone_index=account.phone_index, device=None, at=at)


def require_recent(*, account: Account, device: KnownDevice | None, at: datetime) -> None:
    """Ask an account that is logged in, unless it proved itself on this device a moment ago.

    Args:
        device: see `devices.here`. None is as a device that has proven nothing.

    Raises:
        StepUpNeeded: as `ask`, if the account did not prove itself in `RECENT`.
    """
    if device is None or not is_recent(device.proved_at, at=at):
        ask(account=account, device=device, at=at)


def ask(*, account: Account, device: KnownDevice | None, at: datetime) -> None:
    """Ask an account that is logged in.

    Call this outside of transactions: the refusal refers to a row that must stay.

    Raises:
        StepUpNeeded: the account looks after somebody.
    """
    whose = _guardianship_asked(account)
    if whose is not None:
        raise _asked(whose, phone_index=None, device=device, at=at)


def question(step_up: str, *, at: datetime) -> Question:
    """Return what to ask whoever has this secret text.

    Raises:
        StepUpOver: nothing is asked with it any more.
    """
    asked = open_question(step_up, at=at)
    whose = _guardianship_asked(asked.account)
    if whose is None:
        raise StepUpOver
    is_login = asked.phone_index is not None
    counted = asked.device or asked.account
    return Question(_sentence(whose, is_login=is_login), is_login, counted.wrong_answers >= TRIES)


def answer(*, step_up: str, document_last4: str, at: datetime) -> ProvenAccount:
    """Prove an account by the last characters of the document about which it was asked.

    A wrong answer counts for the account, or for the known device on which it was asked again. So
    what the next holder of a telephone does wrong stops no known device. A right answer ends all
    counts of the account.

    Args:
        step_up: what `StepUpNeeded` told.
        document_last4: as typed; full-width characters, blanks and lower case are allowed.

    Raises:
        InvalidInput: these are not four letters and digits. This does not count as a try.
        StepUpOver: nothing is asked with this text any more.
        StepUpLocked: there were five wrong answers since the last proof.
        WrongDocument: the answer is wrong.
        AccountClosed: the account is closed.
    """
    typed = texts.number(document_last4)
    if not _TYPED.fullmatch(typed):
        raise invalid("/document_last4", _("Please enter exactly four letters or digits."))
    asked = open_question(step_up, at=at)
    whose = _guardianship_asked(asked.account)
    if whose is None:
        raise StepUpOver
    # The refusal is raised after the transaction, because the counted try must be committed.
    with transaction.atomic():
        refusal = _try(asked, typed, whose.person, at)
    if refusal is not None:
        raise refusal
    with transaction.atomic():
        asked = open_question(step_up, at=at, lock=True)
        asked.delete()
        _forgive_all(asked.account)
        if asked.device is not None:
            asked.device.proved_at = at
            asked.device.save(update_fields=["proved_at"])
    return ProvenAccount(asked.account, asked.device)


def _try(asked: StepUp, typed: str, person: Person, at: datetime) -> Refusal | None:
    # Counted before it is compared, so that answers at the same moment get no further tries.
    counted: models.Model = asked.device or asked.account
    row = type(counted)._default_manager.filter(pk=counted.pk)
    if not row.filter(wrong_answers__lt=TRIES).update(wrong_answers=F("wrong_answers") + 1):
        sign_ins.note(account=asked.account, kind=AccountEventKind.HELD_OFF, at=at)
        return StepUpLocked()
    if compare_digest(typed, _last_characters(person)):
        return None
    sign_ins.note(account=asked.account, kind=AccountEventKind.CHECK_FAILED, at=at)
    return WrongDocument()


def open_question(step_up: str, *, at: datetime, lock: bool = False) -> StepUp:
    """Return the question with this secret text, as long as somebody may answer it.

    Args:
        lock: lock the account until the end of the transaction.

    Raises:
        StepUpOver: it was answered, it is too late, or the telephone is another account's by now.
        AccountClosed: the account is closed.
    """
    asked = StepUp.objects.filter(digest=digest(step_up), expires_at__gt=at)
    found = asked.first() if step_up.isascii() else None
    if found is not None and lock:
        Account.objects.select_for_update().get(pk=found.account_id)
        found = asked.first()
    if found is None or found.phone_index not in (None, found.account.phone_index):
        raise StepUpOver
    if not found.account.is_active:
        raise AccountClosed
    return found


def forgive(*, account: Account, person: Person) -> None:
    """End the counts of the account, if this is the person about whom the account is asked."""
    whose = _guardianship_asked(account)
    if whose is not None and whose.person_id == person.pk:
        _forgive_all(account)


def is_locked(account: Account) -> bool:
    """Return whether there were too many wrong answers for the account or one of its devices."""
    devices = KnownDevice.objects.filter(account=account, wrong_answers__gte=TRIES)
    return account.wrong_answers >= TRIES or devices.exists()


def _forgive_all(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(wrong_answers=0)
    KnownDevice.objects.filter(account=account).update(wrong_answers=0)


def _asked(
    whose: Guardianship,
    *,
    phone_index: bytes | memoryview | None,
    device: KnownDevice | None,
    at: datetime,
) -> StepUpNeeded:
    step_up = secrets.token_urlsafe(32)
    StepUp.objects.create(
        digest=digest(step_up),
        account_id=whose.account_id,
        phone_index=phone_index,
        device=device,
        expires_at=at + LIFE,
    )
    return StepUpNeeded(_sentence(whose, is_login=phone_index is not None), step_up=step_up)


def _guardianship_asked(account: Account) -> Guardianship | None:
    """Return the guardianship that the account has had for longest; None if it has none.

    Whoever is at a device that is logged in can add people, also as the holder. So nobody who is
    added later is the one about whom the account is asked.
    """
    known = Guardianship.objects.filter(account=account).select_related("person__identity")
    return known.order_by("id").first()


def _last_characters(person: Person) -> str:
    who: Identity = person.identity
    number = vault.unseal(who.number_sealed, field=vault.Field.NUMBER, row=who.number_index)
    return number[-CHARACTERS:]


def _sentence(whose: Guardianship, *, is_login: bool) -> str:
    return _SENTENCES[is_login, whose.relation == Relation.SELF]()


_SENTENCES: Final[dict[tuple[bool, bool], Callable[[], str]]] = {
    (True, True): lambda: _(
        "This is a new device. Please enter the last four characters of the number of your own "
        "identity document."
    ),
    (True, False): lambda: _(
        "This is a new device. Please enter the last four characters of the document number of "
        "the person whom you registered first."
    ),
    (False, True): lambda: _(
        "Please confirm that it is you: enter the last four characters of the number of your own "
        "identity document."
    ),
    (False, False): lambda: _(
        "Please confirm that it is you: enter the last four characters of the document number of "
        "the person whom you registered first."
    ),
}
"""By whether the answer ends a login, and whether it is about the account's holder."""
