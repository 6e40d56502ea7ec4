"""The manager's pages and the scanner's page."""

import re
from datetime import datetime
from html import unescape

import pytest
import zxingcpp
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from accounts.models import Account, Grant, Role
from tests.verifier.authority import Authority
from tests.verifier.test_scans import scan
from verifier.models import Device, Venue
from verifier.venues.services import add_device, create_venue

pytestmark = pytest.mark.clock


@pytest.fixture
def li_na(manager: Account) -> Client:
    """The manager's browser, set to English."""
    client = Client()
    client.cookies["language"] = "en"
    client.force_login(manager)
    return client


def text_of(response: HttpResponse) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def test_opening_a_venue(li_na: Client) -> None:
    assert "You have no venue yet" in text_of(li_na.get("/venues"))
    opened = li_na.post("/venues", {"name": "湖滨商场", "area": "330106", "yellow": "refuse"})
    venue = Venue.objects.get()
    assert opened["Location"] == f"/venues/{venue.pk}"
    assert (venue.name, venue.area, venue.yellow) == ("湖滨商场", "330106", "refuse")
    assert "西湖区" in text_of(li_na.get("/venues"))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" \ufeff湖滨\u3000 商场\u200b", "湖滨 商场"),
        ("\U0002ebf0记", "\U0002ebf0记"),
        ("\U00031350堂", "\U00031350堂"),
        ("24", "24"),
    ],
)
def test_any_character_of_a_name_is_taken(li_na: Client, typed: str, name: str) -> None:
    li_na.post("/venues", {"name": typed, "area": "330106", "yellow": "refuse"})
    venue = Venue.objects.get()
    li_na.post(f"/venues/{venue.pk}/devices", {"label": typed})
    assert [venue.name, *Device.objects.values_list("label", flat=True)] == [name, name]


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"name": "", "area": "330106"}, 422, "Enter a name"),
        ({"name": "\u200b", "area": "330106"}, 422, "Enter a name"),
        ({"name": "湖滨\u202e", "area": "330106"}, 422, "Please type it again"),
        ({"name": "湖\x1b滨", "area": "330106"}, 422, "Please type it again"),
        ({"name": "Bund", "area": "31"}, 422, ""),
        ({"name": "Gate", "area": "33"}, 403, ""),
        ({"name": "Gate", "area": "x"}, 422, ""),
        ({}, 422, ""),
    ],
)
def test_what_is_no_venue_is_said_on_the_form(
    li_na: Client, form: dict[str, str], status: int, says: str
) -> None:
    answer = li_na.post("/venues", form)
    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()
    assert says in text_of(answer)
    assert not Venue.objects.exists()


def test_enrolment_code_is_shown_once_as_text_and_picture(li_na: Client, venue: Venue) -> None:
    shown = li_na.post(f"/venues/{venue.pk}/devices", {"label": "<b>Gate</b>"})
    assert "no-store" in shown["Cache-Control"]
    html = shown.content.decode()
    assert "<b>Gate</b>" not in html
    found = re.search(r'short-code">([0-9A-Z]{4}-[0-9A-Z]{4})<', html)
    assert found
    assert found[1] not in li_na.get(f"/venues/{venue.pk}").content.decode()
    assert read_picture(html) == f"{settings.BASE_URL}/scanner#enrol={found[1]}"


def read_picture(html: str) -> str:
    """Read the QR code from the SVG in the page, which draws it square by square."""
    path = re.search(r'<path d="([^"]+)"', html)
    size = re.search(r'viewBox="0 0 (\d+) (\d+)"', html)
    assert path
    assert size
    scale = 4
    picture = Image.new("L", (int(size[1]) * scale, int(size[2]) * scale), 255)
    for x, y in re.findall(r"M([\d.]+),([\d.]+)H", path[1]):
        box = (int(float(x) * scale), int(float(y) * scale))
        picture.paste(0, (*box, box[0] + scale, box[1] + scale))
    read = zxingcpp.read_barcode(picture)
    assert read is not None
    return str(read.text)


def test_device_needs_a_name(li_na: Client, venue: Venue) -> None:
    answer = li_na.post(f"/venues/{venue.pk}/devices", {"label": " "})
    assert answer.status_code == 422
    assert "Enter a name" in text_of(answer)


def test_counts_and_states(
    li_na: Client, door: object, venue: Venue, zhejiang: Authority, now: datetime
) -> None:
    for text in [zhejiang.code(at=now), zhejiang.code(at=now, idx=9), "JK1:NO CODE"]:
        scan(door, text)
    add_device(venue=venue, label="South gate", at=now)
    page = text_of(li_na.get(f"/venues/{venue.pk}"))
    assert "Let in 2 To check 0 Not let in 1" in page
    assert "in use since" in page
    assert "not enrolled yet" in page


def test_revoking_a_device(li_na: Client, venue: Venue, device_token: str) -> None:
    device = Device.objects.get()
    li_na.post(f"/devices/{device.pk}/revocation")
    page = text_of(li_na.get(f"/venues/{venue.pk}"))
    assert "The device can no longer scan." in page
    assert "blocked since" in page
    device.refresh_from_db()
    assert device.token_hash is None


def test_changing_what_yellow_means(li_na: Client, venue: Venue) -> None:
    li_na.post(f"/venues/{venue.pk}/yellow", {"yellow": "refuse"})
    venue.refresh_from_db()
    assert venue.yellow == "refuse"


def test_other_managers_venues_and_devices_are_not_found(
    li_na: Client, now: datetime, manager: Account
) -> None:
    other = Account.objects.create(username="zhao.lei")
    Grant.objects.create(account=other, role=Role.VENUE_MANAGER, area="")
    venue = create_venue(manager=other, name="外滩", area="330106", at=now)
    device = add_device(venue=venue, label="Gate", at=now).device
    assert li_na.get(f"/venues/{venue.pk}").status_code == 404
    for path in (f"venues/{venue.pk}/devices", f"venues/{venue.pk}/yellow"):
        assert li_na.post(f"/{path}", {"label": "Gate", "yellow": "refuse"}).status_code == 404
    assert li_na.post(f"/devices/{device.pk}/revocation").status_code == 404
    device.refresh_from_db()
    assert device.revoked_at is None


@pytest.mark.parametrize("path", ["/venues", "/venues/1"])
def test_only_managers(db: None, path: str) -> None:
    assert Client().get(path)["Location"].startswith("/staff/login")
    officer = Account.objects.create(username="officer")
    Grant.objects.create(account=officer, role=Role.OFFICER, area="33")
    client = Client()
    client.force_login(officer)
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_scanner_is_for_everybody(db: None, language: str) -> None:
    client = Client()
    client.cookies["language"] = language
    page = client.get("/scanner").content.decode()
    assert ("Enrol this device" in page) is (language == "en")
    assert ("登记这台设备" in page) is (language == "zh-hans")
    assert "wasm-unsafe-eval" in client.get("/scanner")["Content-Security-Policy"]
