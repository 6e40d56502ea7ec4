"""Local codes for visitors: short-lived, worth no more than the visitor's code."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.conf import settings as project
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, Grant, Role
from accounts.services import issue_token
from healthcode import core
from healthcode.areas.models import Area
from healthcode.codes import keys
from healthcode.codes.models import StatusList
from healthcode.codes.services import NOBODY
from healthcode.codes.status_lists import editions, indexes
from healthcode.colours.policy import SHIPPED
from healthcode.colours.services import publish_policy
from healthcode.core import Colour, Outcome
from healthcode.web.days import day_of
from tests.acts import GROUND
from tests.verifier.authority import Authority
from verifier.recognition.refresh import keep_keys, keep_status_list
from verifier.recognition.services import trust_issuer
from verifier.recognition.trust import knowledge

pytestmark = [pytest.mark.clock, pytest.mark.django_db]
PATH = "/api/v1/conversions"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    for cache in (keys.keyring, indexes.known_parts, knowledge):
        cache.forget()
    yield
    for cache in (keys.keyring, indexes.known_parts, knowledge):
        cache.forget()


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def here(db: None, now: datetime) -> None:
    """This issuer, with a policy and a key that its own doors know."""
    officer = Account.objects.create(username="officer-li")
    Grant.objects.create(account=officer, role=Role.OFFICER, area="33")
    Area.objects.create(code="33", name="浙江省")
    text = SHIPPED.read_text(encoding="utf-8")
    before = now - timedelta(days=1)
    publish_policy(account=officer, text=text, holds_from=before, ground=GROUND, at=before)
    keys.make_key(starts=before, signs_for=timedelta(days=90))


@pytest.fixture
def shanghai(here: None, now: datetime) -> Authority:
    """CN-31, an issuer whose codes count here."""
    authority = Authority(name="CN-31", base_url="https://sh.example")
    authority.is_trusted(at=now)
    authority.publishes(at=now)
    return authority


@pytest.fixture
def visitor(db: None, now: datetime) -> Client:
    account = Account.objects.create(username="visitor")
    Grant.objects.create(account=account, role=Role.RESIDENT)
    token = issue_token(account=account, label="", expires_at=now + timedelta(days=1))
    return Client(headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"})


def convert(visitor: Client, code: str) -> tuple[int, dict[str, str]]:
    answer = visitor.post(PATH, {"code": code}, content_type="application/json")
    return answer.status_code, answer.json()


def at_a_local_door(code: str, at: datetime) -> core.Verdict:
    """Return the verdict of a door that knows only this issuer."""
    editions.publish(at=at)
    now = int(at.timestamp())
    own = core.Issuer(project.ISSUER, tuple(keys.published_keys(at=at)))
    trust = core.Trust({project.ISSUER: own}, as_of=now)
    tokens = [bytes(row.token) for row in StatusList.objects.all()]
    lists = core.Statuses.load(tokens, trust=trust, at=now)
    return core.verify(code, trust=trust, status=lists, rules=core.Rules(), at=now)


def test_a_green_code_becomes_a_local_green_one(
    shanghai: Authority, visitor: Client, now: datetime
) -> None:
    code, body = convert(
        visitor, shanghai.code(at=now, kind=core.Kind.PAPER, life=timedelta(days=14))
    )
    assert (code, body["colour"]) == (200, "green")
    verdict = at_a_local_door(body["code"], now)
    assert (verdict.outcome, verdict.reason) == (Outcome.PASS, core.Reason.OK)
    assert verdict.code is not None
    assert (verdict.code.issuer, verdict.code.holder) == (project.ISSUER, "张*")
    assert verdict.code.kind is core.Kind.LIVE
    assert verdict.code.expires_at - verdict.code.issued_at == project.LIVE_CODE_SECONDS


def test_it_ends_with_the_code_it_stands_for(
    shanghai: Authority, visitor: Client, now: datetime
) -> None:
    theirs = shanghai.code(at=now, life=timedelta(seconds=90))
    _status, body = convert(visitor, theirs)
    verdict = at_a_local_door(body["code"], now)
    assert verdict.code is not None
    assert verdict.code.expires_at == int(now.timestamp()) + 90
    late = shanghai.code(at=now - timedelta(seconds=120), life=timedelta(seconds=90))
    assert convert(visitor, late)[1]["reason"] == "expired", "though doors allow a minute's leeway"


def test_a_visitors_code_has_an_index_that_is_nobodys(
    shanghai: Authority, visitor: Client, now: datetime
) -> None:
    day = day_of(now)
    for idx in range(3):
        body = convert(visitor, shanghai.code(at=now, idx=idx))[1]
        verdict = at_a_local_door(body["code"], now)
        assert verdict.code is not None
        (part,) = indexes.parts_of(day, day)
        ((person, _changes),) = part.holders_of([verdict.code.status.idx])
        assert person == NOBODY


def test_it_is_worth_what_the_other_is_worth_here(
    shanghai: Authority, visitor: Client, now: datetime
) -> None:
    yellow = convert(visitor, shanghai.code(at=now, colour=Colour.YELLOW))
    assert (yellow[0], yellow[1]["colour"]) == (200, "yellow")


@pytest.mark.parametrize(
    ("colour", "idx", "reason"),
    [(Colour.RED, 7, "red"), (Colour.GREEN, 9, "superseded"), (Colour.GREEN, 5000, "malformed")],
)
def test_what_gets_nobody_in_is_not_converted(
    shanghai: Authority, visitor: Client, now: datetime, colour: Colour, idx: int, reason: str
) -> None:
    shanghai.publishes(at=now, superseded=(9,))
    status_code, body = convert(visitor, shanghai.code(at=now, colour=colour, idx=idx))
    assert (status_code, body["type"], body["reason"]) == (422, "/problems/not-convertible", reason)


def test_what_is_known_too_poorly_is_not_converted(
    here: None, visitor: Client, now: datetime
) -> None:
    silent = Authority(name="CN-31", base_url="https://sh.example")
    silent.is_trusted(at=now)
    assert convert(visitor, silent.code(at=now))[1]["reason"] == "stale_data"
    stranger = Authority(name="CN-99")
    assert convert(visitor, stranger.code(at=now))[1]["reason"] == "unknown_issuer"
    assert convert(visitor, "https://menu.example")[1]["reason"] == "malformed"


def test_a_local_code_stays_as_it_is(
    shanghai: Authority, visitor: Client, now: datetime, settings: Settings
) -> None:
    """Otherwise repeated conversions could keep a code alive for ever."""
    _status, body = convert(visitor, shanghai.code(at=now))
    trust_issuer(name=project.ISSUER, base_url="https://hz.example", at=now)
    published = core.jwk_set(keys.published_keys(at=now))
    keep_keys(
        project.ISSUER,
        uri="https://hz.example/keys",
        body=json.dumps(published).encode(),
        etag="",
        at=now,
    )
    editions.publish(at=now)
    for row in StatusList.objects.all():
        uri = indexes.uri_of(row.day, row.part)
        keep_status_list(project.ISSUER, uri=uri, body=bytes(row.token), etag="", at=now)
    knowledge.forget()
    assert convert(visitor, body["code"])[1]["type"] == "/problems/local-already"


def test_a_process_that_only_verifies_converts_nothing(
    shanghai: Authority, visitor: Client, now: datetime, settings: Settings
) -> None:
    settings.SIGNING_KEY_SECRET = ""
    assert convert(visitor, shanghai.code(at=now))[0] == 503


def test_it_is_limited(shanghai: Authority, visitor: Client, now: datetime) -> None:
    for _time in range(60):
        assert convert(visitor, "JK1:")[0] == 422
    assert convert(visitor, shanghai.code(at=now))[0] == 429
