"""Who acts in `test_one_colour.py`: three residents, a hospital and an officer."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from rest_framework.test import APIClient

from accounts import identity
from accounts.models import Account, Person, Role
from accounts.services import issue_token, resident_account
from healthcode.codes import keys
from healthcode.codes.status_lists import indexes
from healthcode.web.days import day_of
from tests.colours import world
from tests.evidence.conftest import reporting, staff

HOME: Final = "330106"
START: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LONGEST: Final = timedelta(days=60)
PHONES: Final = ("+8613900000001", "+8613900000002", "+8613900000003")


@dataclass(frozen=True)
class IssuedOnce:
    """A code, about whom it is, and for which account; None if it was printed at the desk."""

    code: str
    person: int
    account: Account | None


@dataclass
class Cast:
    """Who acts: three residents, the hospital and an officer, with their clients."""

    accounts: list[Account]
    clients: list[APIClient]
    hospital: APIClient
    officer: APIClient


def assemble() -> Cast:
    """Make the accounts, a policy in force, and a key that signs for all of the time."""
    world.areas(HOME)
    world.publish()
    keys.keyring.forget()
    indexes.known_parts.forget()
    keys.make_key(starts=START - timedelta(days=1), signs_for=LONGEST + timedelta(days=30))
    accounts = [resident_account(phone=phone) for phone in PHONES]
    return Cast(
        accounts,
        [client_of(account) for account in accounts],
        client_of(reporting("hospital", "33", reddening_lines_a_day=1000)),
        client_of(staff("officer", Role.OFFICER, "33")),
    )


def client_of(account: Account) -> APIClient:
    expires_at = datetime(2099, 1, 1, tzinfo=UTC)
    token = issue_token(account=account, label="", expires_at=expires_at)
    return APIClient(headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"})


def person_with(passport: str) -> Person | None:
    index = identity.parse("20", passport, on=day_of(START)).index()
    return Person.objects.filter(identity__number_index=index).first()
