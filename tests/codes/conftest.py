"""People with a colour, and a key to sign it with."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Account, Grant, Person, Role
from accounts.services import issue_token, record_act, register_person
from healthcode.areas.models import Area
from healthcode.codes import keys, status
from healthcode.codes.models import SigningKey
from healthcode.colours.models import ColourChange, PersonColour, Policy
from healthcode.core import Colour
from healthcode.evidence.models import Evidence, EvidenceKind

NOON = datetime(2020, 2, 24, 4, 0, tzinfo=UTC)
"""Noon in Shanghai on the day of these tests."""


@dataclass
class Resident:
    """Somebody with an account, a token and a colour."""

    account: Account
    person: Person
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """A test's rows are rolled back, and with them goes what the process knows of them."""
    keys.keyring.forget()
    status.places.forget()


@pytest.fixture
def signing_key(db: None) -> SigningKey:
    return keys.make_key(starts=NOON - timedelta(days=30), signs_for=timedelta(days=90))


@pytest.fixture
def policy(db: None) -> Policy:
    officer = Account.objects.create(username="li-officer")
    act = record_act(
        account=officer, kind="policy", area="", ground="2020-02 practice", detail={}, at=NOON
    )
    return Policy.objects.create(
        version=20200209, text="", holds_from=NOON - timedelta(days=15), act=act
    )


@pytest.fixture
def zhang(db: None, policy: Policy) -> Resident:
    return resident("张小明", "E12345678", policy=policy)


def resident(name: str, passport: str, *, policy: Policy, declared: bool = True) -> Resident:
    """Somebody registered, declared and green."""
    Area.objects.get_or_create(code="330106", name="西湖区")
    account = Account.objects.create(username=f"account-of-{passport}")
    Grant.objects.create(account=account, role=Role.RESIDENT)
    person = register_person(
        account=account,
        relation="self",
        name=name,
        id_type="20",
        id_number=passport,
        phone=None,
        home_area="330106",
        at=NOON,
    )
    if declared:
        declare(account, person, policy)
    token = issue_token(account=account, label="", expires_at=NOON + timedelta(days=3650))
    return Resident(account, person, token)


def declare(account: Account, person: Person, policy: Policy) -> None:
    Evidence.objects.create(
        person=person, kind=EvidenceKind.DECLARATION, starts=NOON, source=account
    )
    PersonColour.objects.create(
        person=person, colour=Colour.GREEN, since=NOON - timedelta(days=1), policy=policy
    )


def recolour(person: Person, colour: Colour, *, at: datetime) -> None:
    """Change a colour as a recomputation does."""
    row = PersonColour.objects.get(person=person)
    ColourChange.objects.create(
        person=person, before=row.colour, after=colour, number=row.changes + 1, at=at
    )
    PersonColour.objects.filter(person=person).update(
        colour=colour, since=at, changes=row.changes + 1
    )
