"""Partners' systems: who gets a token, what it allows, how often, and what is recorded."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, RSAKey
from rest_framework.test import APIClient

from accounts.models import Account, Grant, Token
from accounts.services import set_open
from healthcode.core import Colour
from healthcode.web.days import SHANGHAI
from healthcode.web.errors import TooMany
from healthcode.web.keeping import Cadence, forget
from tests.verifier.authority import Authority
from tests.verifier.conftest import ClockAt
from tests.verifier.partner import ASSERTION_TYPE, PartnerMachine, new_key
from verifier.errors import InvalidRequest
from verifier.models import Partner, PartnerAssertion, PartnerCall, Scan
from verifier.partners import services as partners

pytestmark = [pytest.mark.clock, pytest.mark.django_db]

VERIFICATIONS, SANDBOX = "/api/v1/verifications", "/api/v1/sandbox"


@pytest.fixture
def machine() -> PartnerMachine:
    found = PartnerMachine()
    register(found)
    return found


def register(machine: PartnerMachine, **members: Any) -> None:
    partners.register(
        **{
            "name": machine.name,
            "keys": machine.public_keys(),
            "scopes": ["verify", "sandbox"],
            "codes_per_minute": 100,
            "contact": "",
            "at": timezone.now(),
        }
        | members
    )


def client_with(answer: Any) -> APIClient:
    assert answer.status_code == 200, answer.content
    client = APIClient(headers={"Accept-Language": "en"})
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access_token']}")
    return client


def calls() -> list[tuple[str, int, str]]:
    return list(PartnerCall.objects.order_by("pk").values_list("call", "codes", "refused"))


def test_from_assertion_to_verdict(
    machine: PartnerMachine, zhejiang: Authority, now: datetime
) -> None:
    answer = machine.asks(assertion=machine.assertion(at=now))
    assert answer["Cache-Control"] == "no-store"
    told = answer.json()
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 600)
    assert told["scope"] == "verify sandbox"
    client = client_with(answer)
    one = client.post(VERIFICATIONS, {"code": zhejiang.code(at=now)}, format="json")
    many = client.post(VERIFICATIONS, [zhejiang.code(at=now), "x"], format="json")
    assert one.json()["reason"] == "ok"
    assert [verdict["reason"] for verdict in many.json()] == ["ok", "malformed"]
    assert calls() == [("token", 0, ""), ("verify", 1, ""), ("verify", 2, "")]
    assert not Scan.objects.exists()


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (ECKey.generate_key("P-256", {"kid": "1"}), "ES256"),
        (RSAKey.generate_key(2048, {"kid": "1"}), "PS256"),
    ],
    ids=["ES256", "PS256"],
)
def test_kinds_of_keys(key: ECKey | RSAKey, alg: str, now: datetime) -> None:
    machine = PartnerMachine(key=key)
    register(machine)
    assert machine.asks(assertion=machine.assertion(at=now, alg=alg)).status_code == 200


@pytest.mark.parametrize("role", ["officer", "resident", "administrator"])
def test_a_partner_that_is_anything_else_gets_no_token(machine: PartnerMachine, role: str) -> None:
    """So nobody who may call the owner's function makes a token of an officer."""
    account = Account.objects.get(username=machine.name)
    Grant.objects.create(account=account, role=role, area="33")
    with pytest.raises(ProgrammingError, match="is not a partner alone"):
        made(account)
    Partner.objects.all().delete()
    Grant.objects.filter(account=account).delete()
    with pytest.raises(ProgrammingError, match="is not a partner alone"):
        made(account)


def made(account: Account) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT issue_partner_token(%s, %s, 'verify', now())", [account.pk, bytes(32)]
        )


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": None},
        {"iss": "cn-99"},
        {"iss": ["cn-32"]},
        {"sub": None},
        {"sub": "cn-31"},
        {"aud": None},
        {"aud": "https://elsewhere.example"},
        {"aud": []},
        {"exp": None},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": 1e300},
        {"exp": float("nan")},
        {"nbf": 4_000_000_000},
        {"jti": None},
        {"jti": 7},
        {"jti": ""},
        {"jti": "x" * 129},
    ],
    ids=str,
)
def test_claims_that_are_not_accepted(
    machine: PartnerMachine, now: datetime, claims: dict[str, object]
) -> None:
    refused(machine.asks(assertion=machine.assertion(at=now, **claims)))


def refused(answer: Any) -> None:
    assert answer.status_code == 401, answer.content
    told = answer.json()
    assert (told["type"], told["error"]) == ("/problems/invalid-client", "invalid_client")
    assert not Token.objects.exists()


@pytest.mark.parametrize("hours", [1, -1])
def test_long_and_past_assertions(machine: PartnerMachine, now: datetime, hours: int) -> None:
    """The `jti` of an assertion with a long life would have to be kept for long."""
    ends = int((now + timedelta(hours=hours)).timestamp())
    refused(machine.asks(assertion=machine.assertion(at=now, exp=ends)))


def test_an_assertion_works_once(machine: PartnerMachine, now: datetime) -> None:
    assertion = machine.assertion(at=now)
    assert machine.asks(assertion=assertion).status_code == 200
    Token.objects.all().delete()
    refused(machine.asks(assertion=assertion))
    assert calls() == [("token", 0, ""), ("token", 0, "invalid-client")]


def test_a_stranger_with_the_same_name_and_key_name(machine: PartnerMachine, now: datetime) -> None:
    refused(machine.asks(assertion=PartnerMachine(key=new_key(machine.key.kid)).assertion(at=now)))


def test_the_public_key_is_no_shared_secret(machine: PartnerMachine, now: datetime) -> None:
    """The classic attack: an HMAC whose secret is the public key."""
    public = machine.key.as_dict(private=False)
    secret = OctKey.import_key(f"{public['x']}{public['y']}", {"kid": machine.key.kid})
    forger = PartnerMachine(key=secret)
    refused(machine.asks(assertion=forger.assertion(at=now, alg="HS256")))


def test_no_signature_at_all(machine: PartnerMachine, now: datetime) -> None:
    _header, payload, _signature = machine.assertion(at=now).split(".")
    refused(machine.asks(assertion=f"eyJhbGciOiJub25lIn0.{payload}."))


def test_a_closed_account(machine: PartnerMachine, now: datetime) -> None:
    client = client_with(machine.asks(assertion=machine.assertion(at=now)))
    set_open(account=Account.objects.get(username=machine.name), is_open=False)
    refused(machine.asks(assertion=machine.assertion(at=now)))
    assert client.get(SANDBOX).status_code == 401


def test_keys_change_by_registering_again(machine: PartnerMachine, now: datetime) -> None:
    newer = PartnerMachine(key=new_key("2027"))
    register(newer)
    refused(machine.asks(assertion=machine.assertion(at=now)))
    assert newer.asks(assertion=newer.assertion(at=now)).status_code == 200


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"))
def test_any_text_is_refused_kindly(machine: PartnerMachine, now: datetime, text: str) -> None:
    with pytest.raises((partners.InvalidClient, TooMany)):
        partners.grant(assertion=text, scope="", sender="192.0.2.1", at=now)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"client_assertion_type": "x"}, "invalid_request"),
        ({"client_assertion": ""}, "invalid_request"),
        ({"scope": "verify everything"}, "invalid_scope"),
    ],
)
def test_requests_that_are_not_right(
    machine: PartnerMachine, now: datetime, form: dict[str, str], error: str
) -> None:
    answer = machine.asks(**{"assertion": machine.assertion(at=now)} | form)
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.json()["detail"] == answer.json()["error_description"]


FORM = "application/x-www-form-urlencoded"
RIGHT = f"grant_type=client_credentials&client_assertion_type={ASSERTION_TYPE}&client_assertion=x"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("", ""),
        ("", FORM),
        ("", "application/json"),
        (RIGHT, ""),
        (RIGHT, "text/plain"),
        (RIGHT, "nonsense"),
        ("{}", "application/json"),
        ("null", FORM),
        ("grant_type=client_credentials", FORM),
        (RIGHT.partition("&")[2], FORM),
        (f"{RIGHT}&client_assertion=y", FORM),
        (f"{RIGHT}&scope=verify&scope=verify", FORM),
        ("&".join(f"n{n}=" for n in range(3000)), FORM),
        ("\0", FORM),
        (b"\xff=\xfe", FORM),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_what_is_no_token_request_is_refused_as_oauth_says(
    body: str | bytes, media_type: str, language: str
) -> None:
    """RFC 6749, 5.2: JSON, with members in ASCII without quotes and backslashes."""
    answer = Client(headers={"Accept-Language": language}).generic(
        "POST", "/api/v1/oauth/token", body, content_type=media_type
    )
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["error"] == "invalid_request"
    assert re.fullmatch(r"[ !#-\[\]-~]+", answer.json()["error_description"])


def test_what_oauth_says_is_in_english_and_the_rest_in_the_askers_language() -> None:
    for refusal in (partners.InvalidClient, partners.InvalidScope, InvalidRequest):
        with override("zh-hans"):
            said = refusal()
            assert not str(said.detail).isascii()
        assert re.fullmatch(r"[ !#-\[\]-~]+", str(said.members["error_description"]))


def test_scopes_open_no_more_than_they_say(
    machine: PartnerMachine, zhejiang: Authority, now: datetime
) -> None:
    answer = machine.asks(assertion=machine.assertion(at=now), scope="sandbox")
    assert answer.json()["scope"] == "sandbox"
    client = client_with(answer)
    refusal = client.post(VERIFICATIONS, {"code": zhejiang.code(at=now)}, format="json")
    assert (refusal.status_code, refusal.json()["type"]) == (403, "/problems/forbidden")
    assert client.get(SANDBOX).status_code == 200
    assert calls()[1:] == [("verify", 1, "forbidden"), ("sandbox", 1, "")]


def test_who_was_not_given_a_scope_cannot_ask_for_it(now: datetime) -> None:
    machine = PartnerMachine()
    register(machine, scopes=["sandbox"])
    answer = machine.asks(assertion=machine.assertion(at=now), scope="verify")
    assert answer.json()["error"] == "invalid_scope"
    assert machine.asks(assertion=machine.assertion(at=now)).json()["scope"] == "sandbox"


def test_quota(machine: PartnerMachine, now: datetime) -> None:
    """The quota counts codes and not calls, and starts again each minute."""
    account = Account.objects.get(username=machine.name)
    minute = now.replace(second=20, microsecond=0)

    def take(codes: int, at: datetime) -> None:
        partners.take(account=account, token_scope="verify", scope="verify", codes=codes, at=at)

    take(60, minute)
    take(40, minute)
    with pytest.raises(TooMany) as refusal:
        take(1, minute)
    assert refusal.value.retry_after == 40
    take(100, minute + timedelta(minutes=1))
    with pytest.raises(TooMany):
        take(101, minute + timedelta(minutes=2))
    take(100, minute + timedelta(minutes=2))


def test_quota_over_http(machine: PartnerMachine, now: datetime) -> None:
    client = client_with(machine.asks(assertion=machine.assertion(at=now)))
    answer = client.post(VERIFICATIONS, ["x"] * 101, format="json")
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-requests")
    assert 0 < int(answer["Retry-After"]) <= 60
    assert calls()[-1] == ("verify", 101, "too-many-requests")


@pytest.mark.django_db(transaction=True)
def test_many_at_once_share_one_quota(now: datetime) -> None:
    machine = PartnerMachine()
    register(machine)
    account = Account.objects.get(username=machine.name)

    def take(_number: int) -> bool:
        try:
            partners.take(account=account, token_scope="verify", scope="verify", codes=10, at=now)
        except TooMany:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(24))) == 10


def printed(*arguments: str, **options: Any) -> list[list[str]]:
    """Return the words of each line that `partner_calls` prints."""
    out = StringIO()
    call_command("partner_calls", *arguments, stdout=out, **options)
    return [line.split() for line in out.getvalue().splitlines()]


def test_what_partners_asked_can_be_read(
    machine: PartnerMachine, zhejiang: Authority, now: datetime, clock_at: ClockAt
) -> None:
    """By day or call by call: who, when, how many and which verdicts, but no codes."""
    # The next noon: what is published then must be newer than what the doors already have.
    noon = (now + timedelta(hours=12)).astimezone(SHANGHAI)
    noon = noon.replace(hour=12, minute=0, second=0, microsecond=0)
    with clock_at(noon - timedelta(days=1)):
        client_with(machine.asks(assertion=machine.assertion(at=noon - timedelta(days=1))))
    with clock_at(noon):
        zhejiang.publishes(at=noon)
        client = client_with(machine.asks(assertion=machine.assertion(at=noon)))
        yellow = zhejiang.code(at=noon, colour=Colour.YELLOW)
        client.post(VERIFICATIONS, [zhejiang.code(at=noon), yellow, "x", "y"], format="json")
        client.post(VERIFICATIONS, ["x"] * 99, format="json")
    with clock_at(noon + timedelta(minutes=1)):
        every, today = printed("cn-32", each=True), printed(days=1)
        assert printed()[1][:3] == [f"{noon - timedelta(days=1):%Y-%m-%d}", "cn-32", "token"]
    day = f"{noon:%Y-%m-%d}"
    assert today[1:] == [
        [day, "cn-32", "token", "1", "0", "0", "0", "0", "0"],
        [day, "cn-32", "verify", "2", "103", "1", "1", "2", "1"],
    ]
    assert every[-2:] == [
        [day, "12:00:00", "cn-32", "verify", "4", "1", "1", "2"],
        [day, "12:00:00", "cn-32", "verify", "99", "-", "-", "-", "too-many-requests"],
    ]
    words = {word for line in every for word in line}
    assert not any("张" in word or "JK1" in word for word in words)


def test_specimens_are_counted_too(machine: PartnerMachine, now: datetime) -> None:
    client = client_with(machine.asks(assertion=machine.assertion(at=now)))
    codes = [one["code"] for one in client.get(SANDBOX).json()["specimens"]]
    verdicts = client.post("/api/v1/sandbox/verifications", codes, format="json").json()
    call = PartnerCall.objects.order_by("pk").last()
    assert call is not None
    told = Counter(verdict["outcome"] for verdict in verdicts)
    assert (call.passes, call.cautions, call.refusals) == (
        told["pass"],
        told["caution"],
        told["refuse"],
    )


@pytest.mark.parametrize(("name", "days"), [("cn-99", 7), ("cn-32", 0), ("cn-32", 181)])
def test_calls_that_cannot_be_listed(machine: PartnerMachine, name: str, days: int) -> None:
    with pytest.raises(CommandError):
        call_command("partner_calls", name, days=days)


def test_what_has_served_its_time_is_forgotten(machine: PartnerMachine, now: datetime) -> None:
    machine.asks(assertion=machine.assertion(at=now))
    forget(Cadence.OFTEN, at=timezone.now() + timedelta(minutes=5))
    assert PartnerAssertion.objects.count() == 1
    forget(Cadence.OFTEN, at=timezone.now() + timedelta(hours=1))
    assert not PartnerAssertion.objects.exists()
    assert not Token.objects.exists()
    assert PartnerCall.objects.exists()
    partners.forget_calls(at=timezone.now() + timedelta(days=200))
    assert not PartnerCall.objects.exists()
