"""The pages of administrators about venues: those of the area, and every step with one."""

import re
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Role
from healthcode.acts.models import Act
from healthcode.administration.venue_selectors import ON_A_PAGE, venues_within
from tests.acts import GROUND, SENT_GROUND
from tests.administration.test_pages import LANGUAGES, browser, page_of
from tests.areas.conftest import staff
from tests.verifier.test_pages import text_of
from verifier.doors.enrolment import enrol
from verifier.models import Venue
from verifier.venues import hands
from verifier.venues.in_charge import InCharge
from verifier.venues.services import add_device, create_venue

pytestmark = pytest.mark.usefixtures("areas")


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def li() -> Account:
    return staff("li", Role.ADMINISTRATOR, "3301")


@pytest.fixture
def manager() -> Account:
    return staff("manager", Role.VENUE_MANAGER, "33")


@pytest.fixture
def venue(manager: Account, now: datetime) -> Venue:
    return create_venue(manager=manager, name="湖滨站", area="330106", at=now)


def send(client: Client, venue: Venue, step: str, **more: str) -> tuple[int, str]:
    """Send a form of the page; return the status and what is said."""
    form = {**SENT_GROUND, "step": step, **more}
    answer = client.post(f"/administration/venues/{venue.pk}", form)
    if answer.status_code == 302:
        return 302, text_of(client.get(f"/administration/venues/{venue.pk}"))
    return answer.status_code, text_of(answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_shows_the_venues_of_the_area(
    li: Account, venue: Venue, manager: Account, now: datetime, language: str
) -> None:
    elsewhere = Venue.objects.create(name="宁波站", area="330203", manager=manager)
    client = browser(li, language)
    shown = client.get("/administration/venues").content.decode()
    assert ("湖滨站" in shown, "宁波站" in shown) == (True, False)
    for name, is_found in (("湖滨", True), ("manag", True), ("城站", False), ("\x00", True)):
        answer = client.get("/administration/venues", {"name": name})
        assert (f"/venues/{venue.pk}" in answer.content.decode()) is is_found
    assert client.get(f"/administration/venues/{venue.pk}").status_code == 200
    for hidden in (elsewhere.pk, 0):
        page = f"/administration/venues/{hidden}"
        assert client.get(page).status_code == 404
        assert client.post(page, {**SENT_GROUND, "step": "close"}).status_code == 404
    assert not Act.objects.exists()


def test_a_long_list_has_pages(li: Account, manager: Account) -> None:
    rows = [Venue(name=f"站{n:03}", area="330106", manager=manager) for n in range(ON_A_PAGE + 1)]
    Venue.objects.bulk_create(rows)
    client = browser(li)
    first = client.get("/administration/venues").content.decode()
    assert ("站000" in first, "站050" in first, "Page 1 of 2" in first) == (True, False, True)
    found = re.search(r'rel="next" href="([^"]+)"', first)
    assert found
    following = found[1].replace("&amp;", "&")
    assert "站050" in client.get(f"/administration/venues{following}").content.decode()
    for odd in ("0", "99", "x"):
        assert client.get("/administration/venues", {"page": odd}).status_code == 200


def test_a_venue_that_nobody_manages_shows_and_is_handed_over(
    li: Account, venue: Venue, manager: Account, now: datetime
) -> None:
    create_venue(
        manager=staff("zhao", Role.VENUE_MANAGER, "330106"), name="城站", area="330106", at=now
    )
    client, zhou = browser(staff("chen", Role.ADMINISTRATOR, "33")), browser(li)
    assert "Nobody manages" not in text_of(zhou.get("/administration/venues"))
    assert "湖滨站" in text_of(client.get(page_of(manager)))
    assert client.post(page_of(manager), {**SENT_GROUND, "step": "close"}).status_code == 302
    assert "Nobody manages 1 venue" in text_of(zhou.get("/administration/venues"))
    left = text_of(zhou.get("/administration/venues", {"unmanaged": "1"}))
    assert ("湖滨站" in left, "城站" in left) == (True, False)
    assert "Nobody manages this venue" in text_of(zhou.get(f"/administration/venues/{venue.pk}"))
    assert send(zhou, venue, "hand-over", username="zhao")[0] == 302
    venue.refresh_from_db()
    assert venue.manager.username == "zhao"
    assert not venues_within(li, at=timezone.now(), only_unmanaged=True).exists()


def test_a_role_elsewhere_manages_nothing_here(li: Account, venue: Venue) -> None:
    venue.manager.grants.update(area="330203")
    assert list(venues_within(li, at=timezone.now(), only_unmanaged=True)) == [venue]
    venue.manager.grants.update(area="")
    assert not venues_within(li, at=timezone.now(), only_unmanaged=True).exists()


def test_every_step_is_an_act(li: Account, venue: Venue, now: datetime) -> None:
    staff("zhao", Role.VENUE_MANAGER, "3301")
    code = add_device(venue=venue, label="North gate", at=now).code
    device = enrol(enrolment_code=code, sender="192.0.2.1", at=now).device
    client = browser(li)
    steps: list[tuple[str, dict[str, str]]] = [
        ("block", {"device": str(device.pk)}),
        ("rename", {"name": "湖滨地铁站"}),
        ("name-deputy", {"username": "zhao"}),
        ("hand-over", {"username": "zhao"}),
        ("close", {}),
        ("reopen", {}),
    ]
    for step, more in steps:
        assert send(client, venue, step, **more)[0] == 302, step
    kinds = list(Act.objects.filter(account=li).order_by("pk").values_list("kind", "role", "area"))
    assert kinds == [
        (kind, "administrator", "330106")
        for kind in (
            *("device-blocked", "venue-renamed", "deputy-named"),
            *("venue-handed-over", "venue-closed", "venue-reopened"),
        )
    ]


@pytest.mark.parametrize(
    ("step", "more", "status", "says"),
    [
        ("hand-over", {"username": "hospital"}, 422, "Nobody with this user name"),
        ("hand-over", {"username": "manager"}, 409, "already the manager"),
        ("rename", {"name": "a\u202eb"}, 422, "Please type it again"),
        ("block", {"device": "0"}, 404, "no such device"),
        ("reopen", {}, 409, "open already"),
        ("close", {"ground": ""}, 422, "10"),
        ("", {}, 422, "Please choose what to do"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    li: Account, venue: Venue, step: str, more: dict[str, str], status: int, says: str
) -> None:
    staff("hospital", Role.SOURCE, "33")
    told = send(browser(li), venue, step, **more)
    assert told[0] == status
    assert says in told[1]
    assert not Act.objects.exists()


NEW = {"name": "湖滨站", "area": "330106", "username": "manager", "kind": "station"}


def test_an_administrator_adds_a_venue(li: Account, manager: Account) -> None:
    client = browser(li)
    assert client.get("/administration/venues/add").status_code == 200
    answer = client.post("/administration/venues/add", {**SENT_GROUND, **NEW, "yellow": "refuse"})
    venue = Venue.objects.get()
    assert answer["Location"] == f"/administration/venues/{venue.pk}"
    assert (venue.manager, venue.kind, venue.yellow) == (manager, "station", "refuse")
    assert Act.objects.get().kind == "venue-changed"


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"name": ""}, 422, "Enter a name"),
        ({"area": "x"}, 422, "Give the area by its code"),
        ({"area": ""}, 422, "Give the area by its code"),
        ({"area": "33"}, 403, "outside the area that you are responsible for"),
        ({"username": "li"}, 422, "Nobody with this user name"),
        ({"ground_kind": ""}, 422, "Choose the kind of ground"),
    ],
)
def test_what_is_no_venue_is_a_sentence(
    li: Account, manager: Account, form: dict[str, str], status: int, says: str
) -> None:
    answer = browser(li).post("/administration/venues/add", {**SENT_GROUND, **NEW, **form})
    assert answer.status_code == status
    assert says in text_of(answer)
    assert not Venue.objects.exists()


@pytest.mark.parametrize("role", [Role.OFFICER, Role.VENUE_MANAGER, Role.SOURCE])
def test_only_administrators_see_these_pages(venue: Venue, role: Role) -> None:
    client = browser(staff("other", role, "33"))
    for path in ("", "/add", f"/{venue.pk}"):
        assert client.get(f"/administration/venues{path}").status_code == 403


def test_an_account_that_is_closed_and_opened_again_offers_nothing(
    manager: Account, venue: Venue, now: datetime
) -> None:
    """Whoever was in somebody's account may have offered the venue to an accomplice."""
    client = browser(staff("chen", Role.ADMINISTRATOR, "33"))
    accomplice = staff("wang", Role.VENUE_MANAGER, "33")
    own = InCharge(manager, Role.VENUE_MANAGER, GROUND)
    hands.offer(by=own, venue_id=venue.pk, username="wang", at=now)
    for step in ("close", "reopen"):
        assert client.post(page_of(manager), {**SENT_GROUND, "step": step}).status_code == 302
    answer = browser(accomplice).post(f"/venues/{venue.pk}/offer", {"step": "accept"})
    assert answer.status_code == 404
    assert Venue.objects.get().manager == manager
