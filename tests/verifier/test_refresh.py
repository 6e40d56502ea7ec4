"""Fetching from issuers: the last valid copy is kept, whatever they answer."""

import json
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError

from healthcode import core
from healthcode.core import Colour
from tests.administration import administer
from tests.verifier.authority import Authority, new_private_key
from tests.verifier.web import WELL_KNOWN, Web
from verifier.models import Publication, TrustedIssuer
from verifier.recognition import fetching, refresh
from verifier.recognition.refresh import refresh_all
from verifier.recognition.services import trust_issuer
from verifier.recognition.trust import knowledge
from verifier.tasks import refresh as task

pytestmark = pytest.mark.django_db


@pytest.fixture
def authority(web: Web, now: datetime) -> Authority:
    made = Authority(base_url=web.base_url)
    web.publish(made, at=now)
    trust_issuer(name=made.name, base_url=made.base_url, at=now)
    return made


def reason_of(code: str, at: datetime) -> str:
    knowledge.forget()
    seconds = int(at.timestamp())
    verdict = knowledge.current().judge(code, rules=core.Rules(), at=seconds, now=seconds)
    return verdict.reason.value


def test_a_new_issuer_is_known_after_one_refresh(authority: Authority, now: datetime) -> None:
    code = authority.code(at=now)
    assert reason_of(code, now) == "unknown_issuer"
    assert refresh_all(at=now) == {}
    assert reason_of(code, now) == "ok"


def test_what_did_not_change_is_not_sent_again(
    authority: Authority, web: Web, now: datetime
) -> None:
    refresh_all(at=now)
    before = {row.uri: row.changed_at for row in Publication.objects.all()}
    web.asked.clear()
    later = now + timedelta(minutes=1)
    assert refresh_all(at=later) == {}
    asked = {path for path, etag in web.asked if etag}
    assert asked == {f"{WELL_KNOWN}/keys", "/s/20200209"}
    assert {row.uri: row.changed_at for row in Publication.objects.all()} == before
    assert Publication.objects.get(kind="keys").as_of == later


def test_a_superseded_code_is_refused_after_the_next_refresh(
    authority: Authority, web: Web, now: datetime
) -> None:
    refresh_all(at=now)
    code = authority.code(at=now)
    web.publish(authority, at=now + timedelta(seconds=1), superseded=(7,))
    refresh_all(at=now + timedelta(seconds=1))
    assert reason_of(code, now + timedelta(seconds=1)) == "superseded"


def test_a_withdrawn_key_is_refused_after_the_next_refresh(
    authority: Authority, web: Web, now: datetime
) -> None:
    refresh_all(at=now)
    code = authority.code(at=now)
    successor = Authority(base_url=web.base_url, private_key=new_private_key())
    web.publish(successor, at=now + timedelta(seconds=1))
    refresh_all(at=now + timedelta(seconds=1))
    assert reason_of(code, now + timedelta(seconds=1)) == "unknown_key"
    assert reason_of(successor.code(at=now), now + timedelta(seconds=1)) == "ok"


BAD_KEYS = [b"", b"{", b"[]", b'{"keys": [{"kty": "EC", "crv": "P-256"}]}', b"x" * 300_000]


@pytest.mark.parametrize("body", BAD_KEYS)
def test_bad_keys_change_nothing(
    authority: Authority, web: Web, now: datetime, body: bytes
) -> None:
    refresh_all(at=now)
    web.bodies[f"{WELL_KNOWN}/keys"] = body
    assert set(refresh_all(at=now + timedelta(minutes=1))) == {"CN-33"}
    assert reason_of(authority.code(at=now), now) == "ok"


def test_a_bad_key_does_not_keep_a_withdrawn_key_valid(
    authority: Authority, web: Web, now: datetime
) -> None:
    refresh_all(at=now)
    code = authority.code(at=now)
    successor = Authority(base_url=web.base_url, private_key=new_private_key())
    web.publish(successor, at=now + timedelta(seconds=1))
    keys = json.loads(successor.keys())["keys"]
    bad = {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "AAAAAAAAAAA"}
    web.bodies[f"{WELL_KNOWN}/keys"] = json.dumps({"keys": [bad, *keys]}).encode()
    assert refresh_all(at=now + timedelta(seconds=1)) == {}
    assert reason_of(code, now + timedelta(seconds=1)) == "unknown_key"
    assert reason_of(successor.code(at=now), now + timedelta(seconds=1)) == "ok"


def bad_list(authority: Authority, kind: str, now: datetime) -> bytes:
    good = authority.status_list(at=now)
    match kind:
        case "truncated":
            return good[:-10]
        case "forged":
            forger = Authority(base_url=authority.base_url)
            return forger.status_list(at=now + timedelta(minutes=1), superseded=[7])
        case "other address":
            return Authority(
                base_url="http://other.example", private_key=authority.private_key
            ).status_list(at=now + timedelta(minutes=1), superseded=[7])
        case "other issuer":
            return Authority(
                name="CN-31", base_url=authority.base_url, private_key=authority.private_key
            ).status_list(at=now + timedelta(minutes=1), superseded=[7])
        case "older":
            return authority.status_list(at=now - timedelta(hours=1), superseded=[7])
        case _:
            return b"x" * (refresh.LIST_LIMIT + 1)


@pytest.mark.parametrize(
    "kind", ["truncated", "forged", "other address", "other issuer", "older", "too large"]
)
def test_bad_status_lists_change_nothing(
    authority: Authority, web: Web, now: datetime, kind: str
) -> None:
    refresh_all(at=now)
    web.bodies["/s/20200209"] = bad_list(authority, kind, now)
    assert set(refresh_all(at=now + timedelta(minutes=1))) == {"CN-33"}
    assert reason_of(authority.code(at=now), now) == "ok"


@pytest.mark.parametrize("status", [301, 404, 500, 304])
def test_errors_and_redirects_change_nothing(
    authority: Authority, web: Web, now: datetime, status: int
) -> None:
    refresh_all(at=now)
    Publication.objects.update(etag="")
    web.headers["Location"] = "http://127.0.0.1:1/elsewhere"
    web.statuses["/s/20200209"] = status
    assert set(refresh_all(at=now + timedelta(minutes=1))) == {"CN-33"}
    assert reason_of(authority.code(at=now), now) == "ok"


def test_metadata_of_another_issuer(authority: Authority, web: Web, now: datetime) -> None:
    web.bodies[f"{WELL_KNOWN}/"] = json.dumps({"issuer": "CN-31"}).encode()
    assert set(refresh_all(at=now)) == {"CN-33"}


def test_an_issuer_that_drips_is_given_up(
    authority: Authority, web: Web, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "WHOLE_TIMEOUT_SECONDS", -1)
    assert refresh_all(at=now) == {"CN-33": "the server answered too slowly"}


def test_one_issuer_out_of_reach_holds_up_no_other(authority: Authority, now: datetime) -> None:
    trust_issuer(name="CN-11", base_url="http://127.0.0.1:1", at=now)
    assert set(refresh_all(at=now)) == {"CN-11"}
    assert reason_of(authority.code(at=now), now) == "ok"


def test_one_issuer_long_unheard_of_makes_no_other_stale(
    authority: Authority, now: datetime
) -> None:
    silent = Authority(name="CN-11", base_url="https://silent.example")
    long_ago = now - timedelta(days=2)
    silent.is_trusted(at=long_ago)
    silent.publishes(at=now)
    TrustedIssuer.objects.filter(name="CN-11").update(base_url="http://127.0.0.1:1")
    refresh_all(at=now)
    assert reason_of(authority.code(at=now), now) == "ok"
    assert reason_of(silent.code(at=now), now) == "stale_data"
    assert reason_of(silent.code(at=now, colour=Colour.RED), now) == "red"


def test_an_issuer_that_moved_is_asked_at_its_new_address(
    authority: Authority, web: Web, now: datetime
) -> None:
    trust_issuer(name="CN-33", base_url="https://old.example", at=now)
    Authority(base_url="https://old.example").is_trusted(at=now)
    trust_issuer(name="CN-33", base_url=web.base_url, at=now)
    assert not Publication.objects.exists()
    assert refresh_all(at=now) == {}
    assert reason_of(authority.code(at=now), now) == "ok"


def test_the_command_trusts_and_fetches(web: Web, now: datetime) -> None:
    authority = Authority(name="CN-31", base_url=web.base_url)
    web.publish(authority, at=now)
    administer("trust_issuer", "CN-31", web.base_url)
    assert reason_of(authority.code(at=now), now) == "ok"
    with pytest.raises(CommandError, match="tries again"):
        administer("trust_issuer", "CN-11", "http://127.0.0.1:1")


def test_lists_past_every_code_are_forgotten(authority: Authority, web: Web, now: datetime) -> None:
    refresh_all(at=now)
    web.bodies[f"{WELL_KNOWN}/"] = json.dumps({"issuer": "CN-33", "status_lists": []}).encode()
    refresh_all(at=now + timedelta(days=15))
    assert Publication.objects.filter(kind="status").exists()
    refresh_all(at=now + timedelta(days=17))
    assert not Publication.objects.filter(kind="status").exists()


def test_the_task_refreshes(authority: Authority, now: datetime) -> None:
    task()
    assert reason_of(authority.code(at=now), now) == "ok"
