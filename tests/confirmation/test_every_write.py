"""One officer alone, with every write of the interface and of the pages, turns ten people red."""

import json
import re
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Account, IdType, Person
from healthcode.acts.models import Act, Proposal
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import PersonColour
from healthcode.core import Colour
from healthcode.evidence.models import Evidence, EvidenceKind, SourceBatch
from healthcode.evidence.ndjson import NumberedLine
from healthcode.sources.evidence import report_evidence
from healthcode.tracing.kinds import PlaceKind
from healthcode.tracing.models import Inquiry, Place
from healthcode.tracing.recording import NewPresence, record_presences
from healthcode.web.days import day_of
from tests.access.test_access import REFUSED, table
from tests.acts import SENT_GROUND
from tests.colours import world as colours
from tests.confirmation.conftest import recolour
from tests.evidence.conftest import HOME, World
from tests.evidence.conftest import anchors as anchors
from tests.evidence.conftest import client_of as client_of
from tests.evidence.conftest import germany as germany
from tests.evidence.conftest import now as now
from tests.evidence.conftest import officer_client as officer_client
from tests.evidence.conftest import world as world
from tests.evidence.handing_in import HOUR, enter, registered
from tests.evidence.ministry import GERMANY

pytestmark = pytest.mark.django_db

TURNED: Final = {
    "levels",
    "officer-map",
    "evidence-withdrawal",
    "officer-evidence",
    "report-withdrawal",
    "act-withdrawal",
    "officer-withdrawal",
    "api-officers-certificates",
    "officer-certificate",
    "inquiry-confirmation",
    "officer-inquiry",
    "api-merged-registrations",
    "officer-registrations",
    "api-separated-registrations",
    "officer-separation",
    "proposal-confirmation",
    "officer-proposal",
    "api-visit-declaration",
    "officer-visit",
}
"""The writes that this test tries, because they can change colours."""
NO_COLOUR: Final = {
    "inquiries",
    "officer-inquiries",
    "inquiry-meetings",
    "officer-meetings",
    "inquiry-meeting-retraction",
    "proposal-withdrawal",
    *("staff-token", "first-factor", "own-factors", "second-factor"),
    "api-corrections",
    "officer-correction",
    "api-documents-seen",
    "officer-document",
    *("api-lost-phones", "api-lost-phone-codes", "officer-phone"),
    *("api-desk-guardians", "api-ended-guardianships", "officer-guardians"),
}
"""The writes that change no colour, or none until something else is confirmed."""
SECOND_SIGNATURE: Final = {"held-confirmation", "held-rejection", "officer-held-batch"}
"""The decisions about what a source reported: the officer is the second who answers for it."""


def test_no_write_of_officers_is_left_out() -> None:
    writes = {
        name
        for (name, method), row in table().items()
        if method != "GET" and row["officer"] not in REFUSED and row["resident"] in REFUSED
    }
    assert writes == TURNED | NO_COLOUR | SECOND_SIGNATURE


def test_one_officer_alone_turns_ten_people_red(
    germany: None, world: World, officer_client: APIClient, now: datetime
) -> None:
    # With its alarm the shipped policy stops the officer at five already (test_alarm.py).
    quiet = colours.QUIET_TEXT.replace("version = 2", "version = 3")
    colours.publish(quiet, holds_from=now - HOUR)
    attempts = Attempts(world, officer_client, now)
    attempts.enter_declarations()
    attempts.enter_certificates()
    attempts.publish_maps()
    attempts.withdraw_negative_tests()
    attempts.withdraw_reports_of_negative_tests()
    attempts.confirm_contacts()
    attempts.merge_registrations()
    attempts.separate_registrations()
    attempts.confirm_own_proposals()
    recolour(at=now)

    own = Act.objects.filter(account=world.officer)
    assert sum(own.values_list("worse", flat=True)) == 10
    assert PersonColour.objects.filter(colour=Colour.RED).count() == 10 + attempts.red_before
    assert attempts.tried == TURNED


class Attempts:
    """One officer who tries all that can turn people red, for more than ten people each time."""

    def __init__(self, world: World, client: APIClient, now: datetime) -> None:
        self.client, self.now, self.world = client, now, world
        self.browser = Client()
        self.browser.force_login(world.officer)
        self.tried: set[str] = set()
        self.red_before = 0

    def enter_declarations(self) -> None:
        """Two whom a declaration makes red, one by the interface and one by the page."""
        who = {"name": "王秀英", "id_type": "20", "home_area": HOME, "document_seen": True}
        contact = {"symptoms": [], "stays": [], "contact_with_case": True, **SENT_GROUND}
        form = {"unwell": "no", "contact": "yes", "elsewhere": "no", **SENT_GROUND}
        visits = []
        with time_machine.travel(self.now, tick=False):
            for n in range(2):
                sent = {**who, "id_number": f"E6{n:07}", **SENT_GROUND}
                answer = self.client.post("/api/v1/documents-seen", sent, format="json")
                visits.append(answer.json()["act"])
            url = f"/api/v1/documents-seen/{visits[0]}/declaration"
            assert self.client.post(url, contact, format="json").status_code == 201
            assert self.browser.post(f"/officer/document/{visits[1]}", form).status_code == 302
        self.tried |= {"api-visit-declaration", "officer-visit"}

    def enter_certificates(self) -> None:
        """Six by the interface, of which all count, and six by the page, of which two count."""
        made = [
            registered(self.world.zhang, "Erika Mustermann", IdType.PASSPORT, f"C01X00T{n:02}")
            for n in range(12)
        ]
        recompute_people(sorted(person.pk for person in made), at=self.now)
        answers = []
        for n, person in enumerate(made):
            text = GERMANY.test(self.now - HOUR, is_positive=True, ci=f"URN:UVCI:01DE/T{n}#W")
            if n < 6:
                answer = enter(self.client, text, person=person.pk, document_seen=True)
            else:
                form = {"id_type": "20", "id_number": f"C01X00T{n:02}", "certificate": text}
                sent = {**SENT_GROUND, **form, "document_seen": "1"}
                answer = self.browser.post("/officer/certificate", sent)
            answers.append(answer.status_code)
        assert answers == [201] * 6 + [302] * 2 + [409] * 4
        again = enter(
            self.client,
            GERMANY.test(self.now - HOUR, is_positive=True, ci="URN:UVCI:01DE/X#W"),
            person=made[11].pk,
            document_seen=True,
        )
        assert again.json()["type"] == "/problems/second-person-needed"
        assert "at most 10 people" in again.json()["detail"]
        self.tried |= {"api-officers-certificates", "officer-certificate"}

    def publish_maps(self) -> None:
        """One person more needs a second officer."""
        (guest,) = colours.people(1, home=HOME)
        colours.stay(guest, "330203", self.now - timedelta(days=7), None)
        recompute_people([guest], at=self.now)
        day = day_of(self.now - timedelta(days=1)).isoformat()
        a_map = {"levels": [{"code": "330203", "level": "red"}], "effective_from": day}
        sent = json.dumps({**SENT_GROUND, **a_map})
        url = "/api/v1/areas/levels"
        answer = self.client.put(url, sent, content_type="application/json")
        assert answer.status_code == 202
        form = {**SENT_GROUND, "day": day, "text": "code,level\n330203,red", "step": "preview"}
        preview = self.browser.post("/officer/map", form).content.decode()
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', preview))
        form = {**fields, "step": "publish", "confirmed": "1"}
        self._proposed("/officer/map", form)
        self.tried |= {"levels", "officer-map"}

    def withdraw_negative_tests(self) -> None:
        """Without a test that releases them, people are red again."""
        for person in colours.people(2, home=HOME):
            for days, trait in ((20, "positive"), (15, "negative"), (13, "negative")):
                at = self.now - timedelta(days=days)
                fact = colours.fact(person, EvidenceKind.TEST, at, at, trait)
            recompute_people([person], at=self.now)
            assert PersonColour.objects.get(pk=person).colour == Colour.GREEN
        answer = self.client.post(
            f"/api/v1/evidence/{fact.pk}/withdrawal", SENT_GROUND, format="json"
        )
        assert answer.status_code == 202
        self._proposed("/officer/evidence", {**SENT_GROUND, "number": str(fact.pk)})
        assert Evidence.objects.get(pk=fact.pk).withdrawn_by is None
        self.tried |= {"evidence-withdrawal", "officer-evidence"}

    def withdraw_reports_of_negative_tests(self) -> None:
        """All at once make nobody worse alone, either; nor do those that an officer confirmed."""
        granted, stranger = self.world.source, Account.objects.create(username="stranger")
        for source, path in ((granted, "reports"), (stranger, "acts")):
            (person,) = colours.people(1, home=HOME)
            for days, trait in ((20, "positive"), (15, "negative")):
                at = self.now - timedelta(days=days)
                colours.fact(person, EvidenceKind.TEST, at, at, trait)
            sampled = (self.now - timedelta(days=13)).isoformat()
            line = {"person": person, "result": "negative", "sampled_at": sampled}
            lines = [NumberedLine(1, line)]
            report_evidence(source=source, kind="tests", lines=lines, at=self.now - HOUR)
            number = SourceBatch.objects.latest("pk").pk
            if path == "acts":
                url = f"/api/v1/held-lines/{number}"
                shown = {"fingerprint": self.client.get(url).json()["fingerprint"]}
                sent = {**SENT_GROUND, **shown}
                confirmed = self.client.post(f"{url}/confirmation", sent, format="json")
                number = confirmed.json()["act"]
            recompute_people([person], at=self.now)
            assert PersonColour.objects.get(pk=person).colour == Colour.GREEN
            url = f"/api/v1/{path}/{number}/withdrawal"
            assert self.client.post(url, SENT_GROUND, format="json").status_code == 202
            form = {**SENT_GROUND, "of": path.removesuffix("s"), "number": str(number)}
            self._proposed("/officer/withdrawal", form)
        self.tried |= {"report-withdrawal", "act-withdrawal", "officer-withdrawal"}

    def confirm_contacts(self) -> None:
        """One contact of a case needs a second officer too."""
        case, guest = colours.people(2, home=HOME)
        fact = colours.fact(case, EvidenceKind.CASE, self.now - HOUR, None, "confirmed")
        recompute_people([case, guest], at=self.now)
        self.red_before += 1
        kind, starts = PlaceKind.RESTAURANT, self.now - timedelta(days=1)
        place = Place.objects.create(kind=kind, name="望湖楼", area=HOME)
        record_presences(
            [
                NewPresence(person, place.pk, kind, starts, starts + HOUR, sure=True)
                for person in (case, guest)
            ]
        )
        sent = {"case": fact.pk, **SENT_GROUND}
        opened = self.client.post("/api/v1/inquiries", sent, format="json").json()
        Inquiry.objects.update(placed_at=self.now)
        shown = self.client.get(f"/api/v1/inquiries/{opened['id']}").json()
        assert shown["people"]["then"]["red"] == 1
        sent = {**SENT_GROUND, "fingerprint": shown["fingerprint"]}
        path = f"inquiries/{opened['id']}"
        answer = self.client.post(f"/api/v1/{path}/confirmation", sent, format="json")
        assert answer.status_code == 202
        self._proposed(f"/officer/{path}", {**sent, "confirmed": "1"})
        assert not Evidence.objects.filter(kind=EvidenceKind.CONTACT).exists()
        self.tried |= {"inquiry-confirmation", "officer-inquiry"}

    def merge_registrations(self) -> None:
        """Whoever is merged with a case is red."""
        green, red = self._two_documents()
        starts = self.now - HOUR
        colours.fact(red["person"], EvidenceKind.CASE, starts, None, "confirmed")
        recompute_people([green["person"], red["person"]], at=self.now)
        self.red_before += 1
        other = {"other_id_type": "20", "other_id_number": red["id_number"]}
        sent = {**SENT_GROUND, "id_type": "20", "id_number": green["id_number"], **other}
        seen = {**sent, "documents_seen": True}
        answer = self.client.post("/api/v1/merged-registrations", seen, format="json")
        assert answer.status_code == 202
        self._proposed("/officer/registrations", {**sent, "documents_seen": "1"})
        self.tried |= {"api-merged-registrations", "officer-registrations"}

    def separate_registrations(self) -> None:
        """Without the tests under the other document, people are red again."""
        ill, tested = self._two_documents()
        for days, who, trait in ((20, ill, "positive"), (15, tested, "negative")):
            at = self.now - timedelta(days=days)
            colours.fact(who["person"], EvidenceKind.TEST, at, at, trait)
        at = self.now - timedelta(days=13)
        colours.fact(tested["person"], EvidenceKind.TEST, at, at, "negative")
        colours.merge(ill["person"], tested["person"])
        recompute_people([ill["person"]], at=self.now)
        assert PersonColour.objects.get(pk=ill["person"]).colour == Colour.GREEN
        sent = {**SENT_GROUND, "id_type": "20", "id_number": tested["id_number"]}
        answer = self.client.post("/api/v1/separated-registrations", sent, format="json")
        assert answer.status_code == 202
        self._proposed("/officer/separation", sent)
        self.tried |= {"api-separated-registrations", "officer-separation"}

    def _two_documents(self) -> list[dict[str, Any]]:
        known = Person.objects.count()
        numbers = [f"C01X0{known:03}{n}" for n in range(2)]
        return [
            {
                "id_number": number,
                "person": registered(self.world.zhang, "Max Muster", "20", number).pk,
            }
            for number in numbers
        ]

    def confirm_own_proposals(self) -> None:
        """Nobody confirms their own proposals."""
        assert set(Proposal.objects.values_list("kind", flat=True)) == {
            "levels-published",
            "evidence-withdrawn",
            "facts-withdrawn",
            "contacts-confirmed",
            "registrations-merged",
            "registrations-separated",
        }
        for proposal in Proposal.objects.all():
            sent = {**SENT_GROUND, "fingerprint": proposal.fingerprint}
            url = f"/api/v1/proposals/{proposal.pk}/confirmation"
            assert self.client.post(url, sent, format="json").status_code == 403
            form = {**sent, "checked": "1", "step": "confirm"}
            assert self.browser.post(f"/officer/proposals/{proposal.pk}", form).status_code == 403
        self.tried |= {"proposal-confirmation", "officer-proposal"}

    def _proposed(self, path: str, form: dict[str, str]) -> None:
        """Send a form, and see that the page shows the proposal that waits."""
        answer = self.browser.post(path, form)
        assert answer.status_code == 302, answer.content.decode()
        assert answer.headers["Location"].startswith("/officer/proposals/")
