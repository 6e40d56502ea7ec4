"""Give the account of somebody at an officer's desk another telephone."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import limits, phones
from accounts.errors import (
    invalid,
)
from accounts.holders import ShownDocument, own_account
from accounts.limits import Limit
from accounts.logins import Started
from accounts.models import Account, Person, Role
from accounts.telephones.codes import TypedCode
from accounts.telephones.services import Here, move, number_of, prove_phone, require_right
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import one_act_at_a_time, record_act
from healthcode.officers.documents import person_shown, refuse_own_number
from healthcode.web.errors import Forbidden

AT_DESK: Final = Limit("phones-at-desk", 40, timedelta(days=1))
"""How many codes one officer has sent to new telephones in a day."""


def begin_at_desk(
    *, account: Account, shown: ShownDocument, phone: str, at: datetime, address: str = ""
) -> Started:
    """Send a code to the new telephone of somebody at the desk, who reads it to the officer.

    Args:
        account: the officer's.
        shown: what is written in the document.
        phone: the new number as typed.

    Raises:
        InvalidInput, NotFound, NameDiffers, NoAccountOfTheirOwn, Forbidden: as
            `change_phone_at_desk`.
        TooMany: the officer has asked for too many codes today.
        Refusal: as `logins.start_login`.
    """
    _allowed(account, shown, phone)
    limits.take([(AT_DESK, str(account.pk))], at=at)
    return prove_phone(asked_by=account, phone=phone, at=at, address=address)


def change_phone_at_desk(
    *,
    account: Account,
    shown: ShownDocument,
    new: TypedCode,
    ground: Ground,
    at: datetime,
    address: str = "",
) -> Act:
    """Let somebody whose document the officer has seen log in with another telephone, as an act.

    Everything that is logged in with their account ends, and the old telephone is told.

    Args:
        account: the officer's.
        shown: what is written in the document.
        new: the new number, and the code that was sent to it.

    Raises:
        InvalidInput: something typed is wrong, also the code. Then a try is counted, so do not
            call this in a transaction that is rolled back.
        NotFound: nobody for whom the officer answers is registered with this document.
        NameDiffers: another name is registered with it.
        NoAccountOfTheirOwn: no account is proven to be this person's own.
        Forbidden: it is the officer's own account.
        CodeVoid, TooMany: too many codes were tried.
        PhoneInUse: people are registered with the new number.
    """
    person, holder, area = _allowed(account, shown, new.phone)
    require_right(new, asked_by=account, at=at, address=address)
    done: list[Act] = []

    def record() -> None:
        one_act_at_a_time(account=account)
        done.append(
            record_act(
                account=account,
                role=Role.OFFICER,
                kind=ActKind.TELEPHONE_CHANGED,
                area=area,
                ground=ground,
                detail={"person": person.pk, "holder": holder.pk},
                at=at,
            )
        )

    move(account=holder, phone=new.phone, told=_told(), here=Here(), at=at, also=record)
    return done[-1]


def _allowed(account: Account, shown: ShownDocument, phone: str) -> tuple[Person, Account, str]:
    """Return the person, their account and the area by which the officer answers for them."""
    person, area = person_shown(account, shown)
    holder = own_account(person)
    if holder.pk == account.pk:
        raise Forbidden(_("A colleague must do this for you."))
    refuse_own_number(account, phone)
    number = phones.normalise(phone)
    if holder.phone_index is not None and number == number_of(holder):
        raise invalid("/phone", _("The person already logs in with this number."))
    return person, holder, area


def _told() -> str:
    with override(settings.LANGUAGE_CODE):
        return _(
            "An officer saw an identity document, and the phone number of this health code is now "
            "one that ends in %(end)s. Nobody logs in with this number any more. If it was not "
            "you, go to a service desk with your identity document; call 12345 to ask where."
        )
