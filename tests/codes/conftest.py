"""Fixtures: Zhang, who has declared and is green, and a key that signs codes."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from PIL import Image

from accounts.models import Account, Grant, Person, Relation, Role
from accounts.services import issue_token, register_person
from healthcode.areas.models import Area
from healthcode.codes import keys, services
from healthcode.codes.asked_rows import asked_rows
from healthcode.codes.models import SigningKey, StatusList
from healthcode.codes.status_lists import indexes
from healthcode.codes.status_lists.indexes import Part
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.policy import SHIPPED
from healthcode.colours.services import publish_policy
from healthcode.core import (
    Issuer,
    Kind,
    Rules,
    Statuses,
    Trust,
    Verdict,
    parse_status_list,
    verify,
)
from healthcode.evidence.declarations import Declaration
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.services import NewFact, record, withdraw
from healthcode.evidence.traits import Trait
from healthcode.residents.declarations.services import declare
from tests.accounts.proving import prove
from tests.acts import GROUND, act_of

NOON = datetime(2026, 2, 24, 4, 0, tzinfo=UTC)
"""Noon in Shanghai on the day of these tests."""

TODAY = date(2026, 2, 24)

HOME = "330106"
HEALTHY = Declaration(symptoms=(), temperature=None, contact_with_case=False, stays=())
FEVERISH = Declaration(symptoms=("fever",), temperature=None, contact_with_case=False, stays=())


@dataclass(frozen=True)
class Resident:
    """A person who has registered themselves."""

    account: Account
    person: Person

    @property
    def client(self) -> Client:
        """Return a client of the HTTP interface with this resident's token."""
        token = issue_token(account=self.account, label="", expires_at=NOON + timedelta(days=9999))
        return Client(headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"})


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Clear what the process has cached, because each test's rows are rolled back."""
    keys.keyring.forget()
    indexes.known_parts.forget()
    asked_rows.forget_all()


@pytest.fixture
def signing_key(db: None) -> SigningKey:
    return keys.make_key(starts=NOON - timedelta(days=30), signs_for=timedelta(days=90))


@pytest.fixture
def officer(db: None) -> Account:
    account = Account.objects.create(username="officer-li")
    Grant.objects.create(account=account, role=Role.OFFICER, area="33")
    return account


@pytest.fixture
def world(officer: Account) -> None:
    """Make an area to live in, and a policy."""
    Area.objects.create(code=HOME, name="西湖区")
    month_before = NOON - timedelta(days=30)
    publish_policy(
        account=officer,
        text=SHIPPED.read_text(encoding="utf-8"),
        holds_from=month_before,
        ground=GROUND,
        at=month_before,
    )


@pytest.fixture
def zhang(world: None) -> Resident:
    zhang = register("张小明", "E12345678")
    declare(account=zhang.account, person=zhang.person, declaration=HEALTHY, at=NOON)
    return zhang


def register(name: str, passport: str) -> Resident:
    """A person with an account, registered but without a declaration."""
    account = Account.objects.create(username=f"holder-of-{passport}")
    Grant.objects.create(account=account, role=Role.RESIDENT)
    person = register_person(
        account=account,
        relation=Relation.SELF,
        name=name,
        id_type="20",
        id_number=passport,
        phone=None,
        home_area=HOME,
        at=NOON,
    )
    prove(account, person, at=NOON)
    return Resident(account, person)


def confirm_as_case(who: Resident, *, at: datetime) -> None:
    """Record that a hospital reports the person; the colour turns red."""
    source, _created = Account.objects.get_or_create(username="hospital")
    fact = NewFact(who.person.pk, EvidenceKind.CASE, at, None, traits=(Trait.CONFIRMED,))
    record(source=source, facts=[fact], at=at)
    recompute_people([who.person.pk], at=at)


def code_of(who: Resident, *, at: datetime = NOON, kind: Kind = Kind.LIVE) -> str:
    """Issue a code for this person."""
    issued = services.issue_code(account=who.account, person_id=who.person.pk, kind=kind, at=at)
    return issued.code


def at_the_door(code: str, *, at: datetime) -> Verdict:
    """Judge the code at a door that knows everything published at `at`."""
    return door(at=at)(code)


def door(*, at: datetime) -> Callable[[str], Verdict]:
    """Return what judges codes at a door that knows everything published at `at`."""
    now = int(at.timestamp())
    issuer = Issuer(settings.ISSUER, tuple(keys.published_keys(at=at)))
    trust = Trust({settings.ISSUER: issuer}, as_of=now)
    tokens = [bytes(row.token) for row in StatusList.objects.all()]
    lists = Statuses.load(tokens, trust=trust, at=now)
    return lambda code: verify(code, trust=trust, status=lists, rules=Rules(), at=at)


def clear_as_case(who: Resident, *, at: datetime) -> None:
    """Withdraw the report as an officer; the colour turns green again."""
    act = act_of(Account.objects.get(username="officer-li"), at=at)
    facts = Evidence.objects.filter(person=who.person, kind=EvidenceKind.CASE, withdrawn_by=None)
    withdraw(ids=list(facts.values_list("pk", flat=True)), act=act)
    recompute_people([who.person.pk], at=at)


def superseded(day: date = TODAY, *, at: datetime = NOON) -> set[tuple[int, int]]:
    """Return whose codes the published list of `day` calls superseded: (person, changes)."""
    row = StatusList.objects.get(day=day)
    part = Part.of(row)
    parsed = parse_status_list(
        bytes(row.token), keys.published_keys(at=at), int(at.timestamp()), uri=part.uri
    )
    assert len(parsed) == part.size
    occupied = (n for n, byte in enumerate(parsed.bits) if byte)
    found = [idx for n in occupied for idx in range(8 * n, 8 * n + 8) if parsed.superseded(idx)]
    return set(part.holders_of(found))


def scanned(picture: bytes) -> str:
    """Return the text of the only QR code in a picture, as a scanner reads it."""
    # Of several hundred QR codes one has a row that also reads as a Codabar barcode.
    (found,) = zxingcpp.read_barcodes(
        Image.open(io.BytesIO(picture)), formats=zxingcpp.BarcodeFormat.QRCode
    )
    return str(found.text)
