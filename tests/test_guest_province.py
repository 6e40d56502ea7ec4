"""A province without a system of its own uses ours: its map, residents and doors, our codes."""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Relation, Role
from accounts.services import add_staff, issue_token, register_person, resident_account
from healthcode.areas.models import Area
from healthcode.codes import keys
from healthcode.codes.models import StatusList
from healthcode.codes.services import issue_code
from healthcode.codes.status_lists import editions, indexes
from healthcode.colours.policy import SHIPPED
from healthcode.colours.recompute import run
from healthcode.colours.selectors import open_recomputations
from healthcode.colours.services import publish_policy
from healthcode.core import Colour, Kind, jwk_set
from tests.acts import GROUND
from tests.administration import administer
from verifier.doors.authentication import doors
from verifier.doors.enrolment import enrol
from verifier.models import Venue
from verifier.recognition.refresh import keep_keys, keep_status_list
from verifier.recognition.services import trust_issuer
from verifier.recognition.trust import knowledge
from verifier.venues.services import add_device

pytestmark = pytest.mark.django_db
AREAS = {"33": "浙江省", "34": "安徽省", "3401": "合肥市", "340102": "瑶海区", "340111": "包河区"}


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    for cache in (keys.keyring, indexes.known_parts, knowledge, doors):
        cache.forget()
    yield
    for cache in (keys.keyring, indexes.known_parts, knowledge, doors):
        cache.forget()


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def host(db: None, now: datetime) -> Account:
    """Zhejiang's service with its policy, its key and its officer."""
    Area.objects.bulk_create(Area(code=code, name=name) for code, name in AREAS.items())
    officer = add_staff(
        username="zhejiang", password=None, role=Role.OFFICER, area="33", at=timezone.now()
    )
    text, before = SHIPPED.read_text(encoding="utf-8"), now - timedelta(days=30)
    publish_policy(account=officer, text=text, holds_from=before, ground=GROUND, at=before)
    keys.make_key(starts=before, signs_for=timedelta(days=90))
    return officer


@pytest.fixture
def guest(host: Account) -> Account:
    """Anhui's officer, added as the guide says."""
    administer("add_staff", "anhui.officer", "--role=officer", "--area=34")
    administer("add_staff", "anhui.venues", "--role=venue_manager", "--area=34")
    administer("add_venue", "合肥南站", "340111", "anhui.venues")
    return Account.objects.get(username="anhui.officer")


def publish(officer: Account, area: str, at: datetime) -> int:
    token = issue_token(account=officer, label="", expires_at=at + timedelta(days=1))
    levels = {
        "effective_from": (at - timedelta(days=5)).date().isoformat(),
        "ground_kind": "investigation",
        "ground": "疫情防控指挥部第7号通告",
        "whole_of": "34",
        "levels": [{"code": area, "level": "red"}],
    }
    answer = Client(headers={"Authorization": f"Bearer {token}"}).put(
        "/api/v1/areas/levels", levels, content_type="application/json"
    )
    for recomputation in open_recomputations():
        run(recomputation.pk)
    return answer.status_code


def code_of(phone: str, name: str, stayed_in: str, at: datetime) -> tuple[str, Colour]:
    """Return a code of somebody who lives in Hefei."""
    account = resident_account(phone=phone)
    person = register_person(
        account=account,
        relation=Relation.SELF,
        name=name,
        id_type="20",
        id_number=f"E{phone[-8:]}",
        phone=phone,
        home_area="340102",
        at=at,
    )
    token = issue_token(account=account, label="", expires_at=at + timedelta(days=1))
    day = (at - timedelta(days=2)).date().isoformat()
    declaration = {
        "person": person.pk,
        "symptoms": [],
        "contact_with_case": False,
        "stays": [{"area": stayed_in, "from": day, "to": day}],
    }
    answer = Client(headers={"Authorization": f"Bearer {token}"}).post(
        "/api/v1/declarations", declaration, content_type="application/json"
    )
    assert answer.status_code == 201, answer.content
    issued = issue_code(account=account, person_id=person.pk, kind=Kind.LIVE, at=at)
    return issued.code, issued.colour


def scanned(code: str, at: datetime) -> dict[str, object]:
    """Return the answer of the guest's own door, which knows what the host publishes."""
    editions.publish(at=at)
    trust_issuer(name=settings.ISSUER, base_url="https://hz.example", at=at)
    published = json.dumps(jwk_set(keys.published_keys(at=at))).encode()
    keep_keys(settings.ISSUER, uri="https://hz.example/keys", body=published, etag="", at=at)
    for row in StatusList.objects.all():
        uri = indexes.uri_of(row.day, row.part)
        keep_status_list(settings.ISSUER, uri=uri, body=bytes(row.token), etag="", at=at)
    knowledge.forget()
    venue = Venue.objects.get()
    enrolment = add_device(venue=venue, label="North gate", at=at)
    token = enrol(enrolment_code=enrolment.code, sender="192.0.2.1", at=at).token
    answer = Client(headers={"Authorization": f"Bearer {token}"}).post(
        "/api/v1/scans", {"id": str(uuid.uuid4()), "code": code}, content_type="application/json"
    )
    found: dict[str, object] = answer.json()
    return found


def test_its_map_colours_its_people_and_its_doors_know_their_codes(
    guest: Account, now: datetime
) -> None:
    assert publish(guest, "340111", now) == 200
    green, colour = code_of("+8613900000001", "李明", "340102", now)
    assert colour is Colour.GREEN
    red, colour = code_of("+8613900000002", "王芳", "340111", now)
    assert colour is Colour.RED
    assert scanned(green, now)["outcome"] == "pass"
    assert scanned(red, now)["reason"] == "red"


def test_host_and_guest_publish_only_their_own_map(
    host: Account, guest: Account, now: datetime
) -> None:
    assert publish(host, "340111", now) == 403
    assert publish(guest, "33", now) in {403, 422}
