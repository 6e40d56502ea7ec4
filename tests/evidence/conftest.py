"""Fixtures: a small world with three areas, the shipped policy, Zhang San and his child, staff."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Account, Grant, IdType, Person, Relation, Role
from accounts.services import issue_token, register_person, resident_account
from healthcode.areas.models import Area
from healthcode.colours.policy import SHIPPED
from healthcode.colours.services import publish_policy
from healthcode.evidence.models import ReportKind, SourceGrant
from tests.accounts.proving import prove
from tests.acts import GROUND
from tests.evidence.ministry import GERMANY, trust

HOME = "330106"
ZHANGS_PASSPORT = "E10000001"


@dataclass
class World:
    """The people and accounts of the small world."""

    zhang: Account
    person: Person
    child: Person
    stranger: Person
    source: Account
    officer: Account


@pytest.fixture
def now() -> datetime:
    """Return the present, because the interface reads the real clock."""
    return datetime.now(UTC)


@pytest.fixture
def world(db: None, now: datetime) -> World:
    """Create the small world that the module describes."""
    for code, name in {
        "33": "浙江省",
        "3301": "杭州市",
        HOME: "西湖区",
        "3302": "宁波市",
        "330203": "海曙区",
        "330103": "下城区",
        "00": "境外",
    }.items():
        Area.objects.create(code=code, name=name)
    officer = staff("officer", Role.OFFICER, "33")
    publish_policy(
        account=officer,
        text=SHIPPED.read_text(encoding="utf-8"),
        holds_from=now - timedelta(days=400),
        ground=GROUND,
        at=now,
    )
    zhang, li = resident_account(phone="+8613800000001"), resident_account(phone="+8613800000002")
    return World(
        zhang=zhang,
        person=resident(zhang, Relation.SELF, "张三", ZHANGS_PASSPORT),
        child=resident(zhang, Relation.CHILD, "张小花", "E10000002"),
        stranger=resident(li, Relation.SELF, "李四", "E10000003"),
        source=reporting("hospital"),
        officer=officer,
    )


def staff(name: str, role: Role, area: str) -> Account:
    """Create an account with a role."""
    account = Account.objects.create(username=name)
    Grant.objects.create(account=account, role=role, area=area)
    return account


def reporting(name: str, area: str = "", **options: Any) -> Account:
    """Create a source that may report every kind within the area.

    `options` are members of `SourceGrant`.
    """
    account = staff(name, Role.SOURCE, area)
    given = {"kinds": ReportKind.values, **options}
    SourceGrant.objects.create(grant=account.grants.get(), **given)
    return account


def resident(account: Account, relation: Relation, name: str, passport: str) -> Person:
    """Create a person who lives in `HOME` and whom `account` has proven to look after."""
    at = datetime.now(UTC)
    person = register_person(
        account=account,
        relation=relation,
        name=name,
        id_type=IdType.PASSPORT,
        id_number=passport,
        phone=None,
        home_area=HOME,
        at=at,
    )
    prove(account, person, at=at)
    return person


@pytest.fixture
def client_of(now: datetime) -> Callable[[Account], APIClient]:
    """Return an HTTP client with a token of the account."""

    def build(account: Account) -> APIClient:
        token = issue_token(account=account, label="test", expires_at=now + timedelta(hours=1))
        return APIClient(
            HTTP_AUTHORIZATION=f"Bearer {token}",
            HTTP_ACCEPT_LANGUAGE="en",
            enforce_csrf_checks=True,
        )

    return build


@pytest.fixture
def resident_client(world: World, client_of: Callable[[Account], APIClient]) -> APIClient:
    """Return an HTTP client of Zhang San."""
    return client_of(world.zhang)


@pytest.fixture
def source_client(world: World, client_of: Callable[[Account], APIClient]) -> APIClient:
    """Return an HTTP client of the hospital, a source."""
    return client_of(world.source)


@pytest.fixture
def officer_client(world: World, client_of: Callable[[Account], APIClient]) -> APIClient:
    """Return an HTTP client of the province's officer."""
    return client_of(world.officer)


@pytest.fixture
def anchors(world: World, tmp_path: Path) -> Callable[..., None]:
    """Return a function that makes only the signers of some ministries count."""
    return lambda *ministries, **options: trust(tmp_path, *ministries, **options)


@pytest.fixture
def germany(anchors: Callable[..., None]) -> None:
    """Make Germany's signer count."""
    anchors(GERMANY)


@pytest.fixture
def erika(world: World) -> Person:
    """Create Erika Mustermann, registered by passport, whom Zhang San looks after."""
    return resident(world.zhang, Relation.OTHER, "Erika Mustermann", "C01X00T47")


def declaration(person: int, **changes: Any) -> dict[str, Any]:
    """Return a healthy declaration without stays, with `changes`."""
    well = {"person": person, "symptoms": [], "stays": [], "contact_with_case": False}
    return {**well, **changes}
