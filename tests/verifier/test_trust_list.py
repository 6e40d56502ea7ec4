"""Following an alliance: its list decides which partners are trusted, as long as it is reliable."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Account
from healthcode import core
from healthcode.core import Colour, Outcome
from tests.verifier.authority import Authority, new_private_key
from tests.verifier.web import WELL_KNOWN, Web, serving
from verifier.models import Publication, TrustList
from verifier.recognition import alliance
from verifier.recognition.alliance import ListState
from verifier.recognition.checks import check_settings
from verifier.recognition.refresh import refresh_all
from verifier.recognition.services import trust_issuer
from verifier.recognition.trust import knowledge

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
HONOURS = {Colour.GREEN: Outcome.PASS, Colour.YELLOW: Outcome.REFUSE}


@dataclass
class Alliance:
    """Signs lists and puts them where this verifier looks for them."""

    path: Path
    signs_with: Authority = field(default_factory=lambda: Authority(name="alliance"))

    def lists(
        self,
        *members: Authority,
        at: datetime,
        sequence: int = 1,
        life: timedelta = WEEK,
        honours: Mapping[Colour, Outcome] = HONOURS,
    ) -> None:
        self.path.write_text(self.token(members, at, sequence, life, honours))

    def token(
        self,
        members: Iterable[Authority],
        at: datetime,
        sequence: int,
        life: timedelta,
        honours: Mapping[Colour, Outcome],
    ) -> str:
        issuers = {
            member.name: core.Issuer(
                member.name,
                (member.key,),
                honours=honours,
                status_lists=(f"{member.base_url}{WELL_KNOWN}/",),
            )
            for member in members
        }
        as_of, ends = int(at.timestamp()), int((at + life).timestamp())
        return core.sign_trust_list(
            core.Trust(issuers, as_of, ends, sequence),
            kid=self.signs_with.key.kid,
            algorithm=core.Algorithm.ES256,
            signer=self.signs_with.signer,
        )


@pytest.fixture
def followed(tmp_path: Path, settings: Settings) -> Alliance:
    """An alliance that this verifier follows. It has signed no list yet."""
    made = Alliance(tmp_path / "trust.jws")
    keys = tmp_path / "alliance.json"
    keys.write_text(json.dumps(core.jwk_set([made.signs_with.key])))
    settings.TRUST_LIST, settings.ALLIANCE_KEYS = str(made.path), str(keys)
    return made


@pytest.fixture
def shanghai(web: Web, now: datetime) -> Authority:
    """CN-31, on its own web server. Nobody here trusts it yet."""
    made = Authority(name="CN-31", base_url=web.base_url)
    web.publish(made, at=now)
    return made


def judge(code: str, at: datetime) -> tuple[str, str]:
    knowledge.forget()
    seconds = int(at.timestamp())
    verdict = knowledge.current().judge(code, rules=core.Rules(), at=seconds, now=seconds)
    return verdict.outcome.value, verdict.reason.value


def test_a_partner_passes_and_its_recolouring_arrives(
    followed: Alliance, shanghai: Authority, web: Web, now: datetime
) -> None:
    code = shanghai.code(at=now)
    assert judge(code, now) == ("refuse", "unknown_issuer")
    followed.lists(shanghai, at=now)
    assert refresh_all(at=now) == {}
    assert judge(code, now) == ("pass", "ok")
    assert f"{WELL_KNOWN}/keys" not in [path for path, _etag in web.asked], "the list has its keys"

    later = now + timedelta(seconds=20)
    web.publish(shanghai, at=later, superseded=(7,))
    assert refresh_all(at=later) == {}
    assert judge(code, later) == ("refuse", "superseded")


def test_its_colours_are_worth_what_the_list_says(
    followed: Alliance, shanghai: Authority, now: datetime
) -> None:
    followed.lists(shanghai, at=now)
    refresh_all(at=now)
    assert judge(shanghai.code(at=now, colour=Colour.YELLOW), now) == ("refuse", "yellow")
    followed.lists(shanghai, at=now, sequence=2, honours={Colour.YELLOW: Outcome.CAUTION})
    refresh_all(at=now)
    assert judge(shanghai.code(at=now, colour=Colour.YELLOW), now) == ("caution", "yellow")


def test_a_withdrawn_key_and_a_lost_member_are_refused_with_the_next_list(
    followed: Alliance, shanghai: Authority, now: datetime
) -> None:
    followed.lists(shanghai, at=now)
    refresh_all(at=now)
    successor = Authority(name="CN-31", base_url=shanghai.base_url, private_key=new_private_key())
    followed.lists(successor, at=now, sequence=2)
    refresh_all(at=now)
    assert judge(shanghai.code(at=now), now) == ("refuse", "unknown_key")
    followed.lists(at=now, sequence=3)
    refresh_all(at=now)
    assert judge(successor.code(at=now), now) == ("refuse", "unknown_issuer")


def test_an_older_list_brings_no_key_back(
    followed: Alliance, shanghai: Authority, now: datetime
) -> None:
    followed.lists(shanghai, at=now - timedelta(hours=1))
    refresh_all(at=now)
    old = followed.path.read_bytes()
    followed.lists(at=now, sequence=2)
    refresh_all(at=now)
    followed.path.write_bytes(old)
    assert refresh_all(at=now) == {"the trust list": "trust list 1 is older than 2, already held"}
    assert judge(shanghai.code(at=now), now) == ("refuse", "unknown_issuer")


def test_bad_lists_and_silence_leave_the_last_good_one(
    followed: Alliance, shanghai: Authority, now: datetime
) -> None:
    followed.lists(shanghai, at=now)
    refresh_all(at=now)
    good = followed.path.read_text()
    forger = Alliance(followed.path)
    forger.lists(at=now, sequence=9)
    forged = followed.path.read_text()
    for bad in ("", "{}", good[:-4], forged, "x" * 3_000_000):
        followed.path.write_text(bad)
        assert set(refresh_all(at=now)) == {"the trust list"}, bad[:20]
    followed.path.unlink()
    assert refresh_all(at=now) == {"the trust list": "the file cannot be read (FileNotFoundError)"}
    assert judge(shanghai.code(at=now), now) == ("pass", "ok")


def test_it_comes_by_http_too_and_is_confirmed_unchanged(
    followed: Alliance, shanghai: Authority, web: Web, settings: Settings, now: datetime
) -> None:
    followed.lists(shanghai, at=now)
    web.bodies["/trust.jws"] = followed.path.read_bytes()
    settings.TRUST_LIST = f"{web.base_url}/trust.jws"
    refresh_all(at=now)
    later = now + timedelta(minutes=5)
    assert refresh_all(at=later) == {}
    asked = [etag for path, etag in web.asked if path == "/trust.jws"]
    assert len(asked) == 2
    assert asked[1] is not None
    assert TrustList.objects.get().confirmed_at == later


def test_a_stale_list_passes_nobody_and_still_refuses(
    followed: Alliance, shanghai: Authority, web: Web, now: datetime
) -> None:
    own = Authority(base_url="https://own.example")
    own.is_trusted(at=now)
    followed.lists(shanghai, at=now)
    refresh_all(at=now)
    cut_off = now + timedelta(hours=25)
    expired = now + WEEK + timedelta(seconds=1)
    for at, reached in [(cut_off, False), (expired, True)]:
        if not reached:
            token = followed.path.read_text()
            followed.path.unlink()
        else:
            followed.path.write_text(token)
        web.publish(shanghai, at=at)
        own.is_trusted(at=at)
        own.publishes(at=at)
        refresh_all(at=at)
        assert alliance.state(at=at) is ListState.STALE
        assert judge(shanghai.code(at=at), at) == ("caution", "stale_data")
        assert judge(shanghai.code(at=at, colour=Colour.RED), at) == ("refuse", "red")
        assert judge(own.code(at=at), at) == ("pass", "ok"), "whom the list does not concern"


def test_it_warns_before_it_ends(followed: Alliance, now: datetime) -> None:
    assert alliance.state(at=now) is ListState.MISSING
    followed.lists(at=now)
    refresh_all(at=now)
    assert alliance.state(at=now) is ListState.GOOD
    assert alliance.state(at=now + timedelta(hours=2)) is ListState.UNHEARD
    near = now + WEEK - timedelta(days=1)
    refresh_all(at=near)
    assert alliance.state(at=near) is ListState.ENDS_SOON
    assert alliance.state(at=now + WEEK) is ListState.STALE


def test_an_issuer_trusted_by_hand_keeps_its_own_keys(
    followed: Alliance, shanghai: Authority, now: datetime
) -> None:
    trust_issuer(name="CN-31", base_url=shanghai.base_url, at=now)
    followed.lists(Authority(name="CN-31", base_url="https://other.example"), at=now)
    assert refresh_all(at=now) == {}
    assert judge(shanghai.code(at=now), now) == ("pass", "ok")


def test_without_the_alliances_keys_no_partner_is_trusted(
    followed: Alliance, shanghai: Authority, settings: Settings, now: datetime
) -> None:
    followed.lists(shanghai, at=now)
    refresh_all(at=now)
    other = followed.path.with_name("other.json")
    other.write_text(json.dumps(core.jwk_set([Authority().key])))
    settings.ALLIANCE_KEYS = str(other)
    assert judge(shanghai.code(at=now), now) == ("refuse", "unknown_issuer")
    settings.ALLIANCE_KEYS = str(other) + ".missing"
    assert judge(shanghai.code(at=now), now) == ("refuse", "unknown_issuer")
    assert set(refresh_all(at=now)) == {"the trust list"}


def test_a_list_may_name_a_status_list_itself(
    followed: Alliance, shanghai: Authority, now: datetime
) -> None:
    document = core.Issuer("CN-31", (shanghai.key,), HONOURS, (shanghai.list_uri,))
    as_of = int(now.timestamp())
    token = core.sign_trust_list(
        core.Trust({"CN-31": document}, as_of, as_of + 3600, 1),
        kid=followed.signs_with.key.kid,
        algorithm=core.Algorithm.ES256,
        signer=followed.signs_with.signer,
    )
    followed.path.write_text(token)
    assert refresh_all(at=now) == {}
    assert Publication.objects.get().uri == shanghai.list_uri
    assert judge(shanghai.code(at=now), now) == ("pass", "ok")


def test_the_page_shows_whose_codes_count_and_warns(
    followed: Alliance, shanghai: Authority, client: Client, manager: Account, now: datetime
) -> None:
    client.cookies["language"] = "en"
    assert "no valid list of the alliance" in client.get("/recognised").content.decode()
    followed.lists(shanghai, at=now, life=timedelta(days=1))
    refresh_all(at=now)
    knowledge.forget()
    page = client.get("/recognised").content.decode()
    assert "CN-31" in page
    assert "<dt>yellow</dt><dd>no entry</dd>" in page
    assert "expires in less than two days" in page
    client.force_login(manager)
    assert "expires in less than two days" in client.get("/venues").content.decode()


def test_without_an_alliance_nobody_is_warned(
    zhejiang: Authority, client: Client, now: datetime
) -> None:
    page = client.get("/recognised").content.decode()
    assert "CN-33" in page
    assert "notice warning" not in page
    assert "healthcode_trust_list" not in client.get("/metrics").content.decode()


def test_operators_can_watch_it(
    followed: Alliance, shanghai: Authority, client: Client, now: datetime
) -> None:
    def measured() -> str:
        return client.get("/metrics").content.decode()

    assert 'healthcode_trust_list_state{state="missing"} 1.0' in measured()
    followed.lists(shanghai, at=now, sequence=4, life=timedelta(days=1))
    refresh_all(at=now)
    after = measured()
    assert 'healthcode_trust_list_state{state="ends_soon"} 1.0' in after
    assert 'healthcode_trust_list_state{state="missing"} 0.0' in after
    assert "healthcode_trust_list_sequence 4.0" in after
    ends = float(
        after.partition("\nhealthcode_trust_list_expires_timestamp_seconds ")[2].split()[0]
    )
    assert ends == pytest.approx((now + timedelta(days=1)).timestamp(), abs=1)


def test_the_settings_are_checked_at_start(followed: Alliance, settings: Settings) -> None:
    assert check_settings() == []
    settings.ALLIANCE_KEYS = str(followed.path)
    assert [fault.id for fault in check_settings()] == ["verifier.E002"]
    settings.ALLIANCE_KEYS = ""
    assert [fault.id for fault in check_settings()] == ["verifier.E001"]
    settings.TRUST_LIST = ""
    assert check_settings() == []


def test_members_are_asked_at_the_same_time(
    followed: Alliance, shanghai: Authority, web: Web, now: datetime
) -> None:
    """Each server waits for the other. If asked one after the other, the first would time out."""
    with serving() as other:
        jiangsu = Authority(name="CN-32", base_url=other.base_url)
        other.publish(jiangsu, at=now)
        web.gates[f"{WELL_KNOWN}/"] = other.gates[f"{WELL_KNOWN}/"] = Barrier(2)
        followed.lists(shanghai, jiangsu, at=now)
        assert refresh_all(at=now) == {}
    assert judge(jiangsu.code(at=now), now) == ("pass", "ok")
