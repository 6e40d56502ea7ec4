"""Fixtures: a city like Zhengzhou, its officers, and people who can lose their green code."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Account, IdType, Institution, Person, Relation, Role
from accounts.services import issue_token, register_person, resident_account, set_staff_phone
from healthcode.areas.models import Area
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import PersonColour, Recomputation
from healthcode.colours.policy import SHIPPED
from healthcode.colours.recompute import run
from healthcode.colours.services import publish_policy
from healthcode.confirmation.telling import tell_of_alarms
from healthcode.core import Colour
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.tracing.models import Inquiry
from healthcode.web.days import day_of, start_of_day
from tests.accounts.proving import prove
from tests.acts import GROUND, SENT_GROUND
from tests.colours import world as colours
from tests.evidence.conftest import reporting, staff

JINSHUI, LUOYANG = "410105", "410302"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class KeptMessages:
    """A sender that keeps what it sent."""

    sent: ClassVar[list[tuple[str, str]]] = []

    def send(self, *, phone: str, text: str) -> None:
        KeptMessages.sent.append((phone[-1:], text))


@dataclass
class City:
    """Zhengzhou in a test: officers of the city, of the province and of Luoyang, and a victim."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        names = {"41": "河南省", "4101": "郑州市", JINSHUI: "金水区", "4103": "洛阳市"}
        for code, name in {**names, LUOYANG: "老城区", "00": "境外"}.items():
            Area.objects.create(code=code, name=name)
        chief = staff("officer-henan", Role.OFFICER, "41")
        text = SHIPPED.read_text(encoding="utf-8")
        holds_from = self.now - 400 * DAY
        publish_policy(account=chief, text=text, holds_from=holds_from, ground=GROUND, at=self.now)
        self.first = staff("officer-1", Role.OFFICER, "4101")
        self.second = staff("officer-2", Role.OFFICER, "4101")
        self.honest = staff("officer-jinshui", Role.OFFICER, JINSHUI)
        self.elsewhere = staff("officer-luoyang", Role.OFFICER, "4103")
        self.phones = {"1": self.honest, "2": self.first, "3": self.second, "4": chief}
        for number, account in self.phones.items():
            set_staff_phone(account=account, phone=f"1380000000{number}")
        self.depositor = resident_account(phone="+8613800000001")
        self.victim = register_person(
            account=self.depositor,
            relation=Relation.SELF,
            name="李四",
            id_type=IdType.PASSPORT,
            id_number="E10000003",
            phone=None,
            home_area=JINSHUI,
            at=self.now,
        )
        prove(self.depositor, self.victim, at=self.now)

    def depositors(self, number: int) -> list[int]:
        """Make people who live in Jinshui; the victim with the telephone is one of them."""
        made = [Person(home_area=JINSHUI) for _ in range(number - 1)]
        others = Person.objects.bulk_create(made)
        people = [self.victim.pk, *(person.pk for person in others)]
        recompute_people(people, at=self.now)
        return people

    def client(self, account: Account) -> APIClient:
        expires_at = self.now + 6 * HOUR
        token = issue_token(account=account, label="test", expires_at=expires_at)
        return APIClient(HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_ACCEPT_LANGUAGE="en")

    def browser(self, account: Account) -> Client:
        browser = Client()
        browser.force_login(account)
        browser.cookies["language"] = "en"
        return browser

    def told(self, minutes: int) -> dict[str, str]:
        """Return who gets a text message so many minutes later, and which."""
        KeptMessages.sent.clear()
        tell_of_alarms(at=datetime.now(UTC) + timedelta(minutes=minutes))
        return {str(self.phones[number].username): text for number, text in KeptMessages.sent}

    def desk(self, account: Account) -> str:
        return self.browser(account).get("/officer").content.decode()

    def why(self) -> str:
        """Return the page on which the victim reads the reasons."""
        path = f"/people/{self.victim.pk}/why"
        return self.browser(self.depositor).get(path).content.decode()

    def case(self) -> Evidence:
        """Store a real case of the city."""
        (person,) = Person.objects.bulk_create([Person(home_area=JINSHUI)])
        return colours.fact(person.pk, EvidenceKind.CASE, self.now - HOUR, None, "confirmed")

    def were_at(self, people: Iterable[int], venue: str, source: Account) -> None:
        """Let a source say that these people were at a venue yesterday."""
        noon = start_of_day(day_of(self.now)) - 12 * HOUR
        starts, ends = noon.isoformat(), (noon + HOUR).isoformat()
        where = {"kind": "station", "place": venue, "name": venue, "area": JINSHUI}
        lines = [
            {"person": who, **where, "from": starts, "to": ends, "sure": True} for who in people
        ]
        client = self.client(source)
        for first in range(0, len(lines), 200):
            sent = {"presences": lines[first : first + 200]}
            answer = client.post("/api/v1/presences", sent, format="json")
            assert answer.status_code == 201, answer.content

    def inquire(self, by: Account, people: list[int], venue: str) -> tuple[str, dict[str, Any]]:
        """Open an inquiry on a case who was at the venue with these people."""
        case = self.case()
        self.were_at([case.person_id, *people], venue, Account.objects.get(username="railway"))
        client = self.client(by)
        opened = client.post("/api/v1/inquiries", {"case": case.pk, **SENT_GROUND}, format="json")
        assert opened.status_code == 201, opened.content
        # No scan is searched here: the source has said who was at the venue.
        Inquiry.objects.filter(pk=opened.json()["id"]).update(placed_at=self.now)
        url = f"/api/v1/inquiries/{opened.json()['id']}"
        return url, client.get(url).json()

    def confirm(self, by: Account, url: str, shown: dict[str, Any]) -> Any:
        sent = {**SENT_GROUND, "fingerprint": shown["fingerprint"]}
        return self.client(by).post(f"{url}/confirmation", sent, format="json")


def recolour() -> None:
    """Do what acts and reports have asked for, as workers do."""
    for recomputation in Recomputation.objects.filter(finished_at__isnull=True).order_by("pk"):
        run(recomputation.pk)


def red(people: Iterable[int]) -> int:
    return PersonColour.objects.filter(pk__in=people, colour=Colour.RED).count()


@pytest.fixture
def city(settings: LazySettings) -> City:
    settings.ISSUER = "CN-41"
    settings.SMS_SENDER = f"{__name__}.KeptMessages"
    settings.BASE_URL = "https://code.example.org"
    # The service sends messages in its own language.
    settings.LANGUAGE_CODE = "en"
    made = City()
    reporting("railway", "4101")
    hospital = reporting("hospital", "4101")
    Institution.objects.create(account=hospital, zh="郑州市第一医院", en="Zhengzhou First Hospital")
    return made
