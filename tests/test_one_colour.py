"""A person has one colour: no code says another, whoever claims, proves, reports and takes over.

Hypothesis draws the order of what residents, a hospital, officers and time do, over the interface.
After each step the workers do what waits and the lists are published. Then every code that a door
still accepts must say the colour that `decide()` gives now, and belong to who looks after the
person.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import (
    Guardianship,
    IdentityProof,
    MergedRegistration,
    Person,
)
from accounts.rosters import PLAIN, replace_roster
from accounts.services import resident_account
from accounts.waiting import forget_waiting
from healthcode.codes.asked_rows import asked_rows
from healthcode.codes.models import StatusList
from healthcode.codes.status_lists import editions, indexes
from healthcode.colours.policy import policy_at
from healthcode.colours.selectors import decide_from_database
from healthcode.colours.sweep import sweep
from healthcode.core import Colour, decode
from healthcode.evidence.models import Evidence
from healthcode.web.days import day_of
from tests.accounts.proving import proves_itself
from tests.acts import SENT_GROUND
from tests.cast import (
    HOME,
    LONGEST,
    PHONES,
    START,
    Cast,
    IssuedOnce,
    assemble,
    client_of,
    person_with,
)
from tests.codes.conftest import door
from tests.confirmation.conftest import recolour
from tests.officers.visits.test_visits import read_card

pytestmark = [pytest.mark.clock, pytest.mark.django_db]

CLAIMS_LIVE: Final = timedelta(days=7)
PASSPORTS: Final = ("E10000001", "E10000002")
NAME: Final = "王小明"

residents = st.sampled_from(range(len(PHONES)))
documents = st.sampled_from(PASSPORTS)
relations = st.sampled_from(["self", "child"])
REPORTS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "negative": ("tests", {"result": "negative"}),
    "positive": ("tests", {"result": "positive"}),
    "case": ("cases", {"status": "confirmed"}),
    "contact": ("contacts", {"strength": "casual"}),
}
TIMES: Final = {"tests": "sampled_at", "cases": "confirmed_at", "contacts": "from"}


@pytest.fixture
def cast(db: None) -> Cast:
    return assemble()


class OneColour(RuleBasedStateMachine):
    """What happens to two documents. `said` has who has said what about whom, by person."""

    def __init__(self, cast: Cast) -> None:
        super().__init__()
        self.cast = replace(cast, accounts=[*cast.accounts], clients=[*cast.clients])
        self.at = START
        self.said: dict[int, list[int | str]] = {}
        self.codes: list[IssuedOnce] = []
        self.roster: dict[str, int] = {}
        asked_rows.forget_all()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.clock = time_machine.travel(self.at, tick=False)
        self.shifting = self.clock.start()

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)
        indexes.known_parts.forget()

    @initialize(
        first=st.sampled_from(["nothing", "claimed", "closed", "proven", "waits"]),
        second=st.sampled_from(["nothing", "claimed", "closed", "waits"]),
    )
    def begin(self, first: str, second: str) -> None:
        """Most orders begin with people about whom there is something to say."""
        for who, (passport, state) in enumerate(zip(PASSPORTS, (first, second), strict=True)):
            if state == "proven":
                self.the_register_learns(who, passport)
            if state in ("claimed", "closed", "proven"):
                self.register(who, passport, "self", NAME)
                self.declare((who, passport), contact=False, unwell=False)
            if state in ("closed", "waits"):
                self.report(passport, "negative", 1)

    def pairs(self) -> list[tuple[int, str]]:
        """Return who looks after whom, and a resident who looks after nobody."""
        found = [
            (who, passport)
            for who, account in enumerate(self.cast.accounts)
            for passport in PASSPORTS
            if (known := person_with(passport))
            and Guardianship.objects.filter(account=account, person=known).exists()
        ]
        return [*found, (len(PHONES) - 1, PASSPORTS[0])]

    def one_of(self, data: st.DataObject) -> tuple[int, str]:
        return data.draw(st.sampled_from(self.pairs()))

    # What residents do.

    @rule(
        who=residents, passport=documents, relation=relations, name=st.sampled_from([NAME, "别人"])
    )
    def register(self, who: int, passport: str, relation: str, name: str) -> None:
        known = person_with(passport)
        taken = known is not None and not known.is_waiting
        proven = name == NAME and self.roster.get(passport) == who
        held = Guardianship.objects.filter(person=known)
        held = held.exclude(proof=None).exclude(proof=IdentityProof.EARLIER)
        given = {"name": name, "id_type": "20", "id_number": passport}
        answer = self.cast.clients[who].post(
            "/api/v1/people", {**given, "home_area": HOME, "relation": relation}, format="json"
        )
        allowed = not taken or (proven and not held.exists())
        if answer.status_code == 201:
            assert answer.json()["proof"] in ({"register"} if proven else {None})
        else:
            assert answer.status_code == 409
            assert not allowed or relation == "self"

    @rule(who=residents, passport=documents)
    def the_register_learns(self, who: int, passport: str) -> None:
        self.roster[passport] = who
        lines = [f"20,{one},{NAME},{PHONES[by]}" for one, by in self.roster.items()]
        replace_roster([",".join(PLAIN), *lines], on=day_of(self.at))

    @rule(data=st.data())
    def ask_the_register(self, data: st.DataObject) -> None:
        who, passport = self.one_of(data)
        if known := person_with(passport):
            answer = self.cast.clients[who].post(f"/api/v1/people/{known.pk}/proof")
            assert answer.status_code in (200, 403, 404)

    @rule(data=st.data(), contact=st.booleans(), unwell=st.booleans())
    def declare_something(self, data: st.DataObject, contact: bool, unwell: bool) -> None:
        self.declare(self.one_of(data), contact=contact, unwell=unwell)

    def declare(self, pair: tuple[int, str], *, contact: bool, unwell: bool) -> None:
        who, passport = pair
        if not (known := person_with(passport)):
            return
        sent = {"symptoms": ["fever"] if unwell else [], "stays": [], "contact_with_case": contact}
        answer = self.cast.clients[who].post(
            "/api/v1/declarations", {"person": known.pk, **sent}, format="json"
        )
        closed = self.closed(who, known)
        assert answer.status_code == {None: 404, False: 201, True: 403}[closed]
        if answer.status_code == 201:
            self.said.setdefault(known.pk, []).append(who)
            self.issue(who, passport, "live")

    @rule(data=st.data())
    def check_in(self, data: st.DataObject) -> None:
        who, passport = self.one_of(data)
        if not (known := person_with(passport)):
            return
        well = {"person": known.pk, "symptoms": [], "temperature": 36.5}
        answer = self.cast.clients[who].post("/api/v1/check-ins", well, format="json")
        closed = self.closed(who, known)
        assert answer.status_code in {None: {404}, False: {201, 409}, True: {403}}[closed]
        if answer.status_code == 201:
            self.said.setdefault(known.pk, []).append(who)

    @rule(kind=st.sampled_from(["live", "paper"]))
    def issue_to_everybody(self, kind: str) -> None:
        for who in range(len(PHONES)):
            for passport in PASSPORTS:
                self.issue(who, passport, kind)

    def issue(self, who: int, passport: str, kind: str) -> None:
        if not (known := person_with(passport)):
            return
        client = self.cast.clients[who]
        answer = client.get(f"/api/v1/people/{known.pk}/code", {"kind": kind})
        closed = self.closed(who, known)
        if closed is None or closed:
            assert answer.status_code == (404 if closed is None else 403)
        elif not Evidence.objects.filter(person=known, kind="declaration").exists():
            assert answer.status_code == 409
        else:
            assert answer.status_code == 200, answer.content
            code = answer.json()["code"]
            self.codes.append(IssuedOnce(code, known.pk, self.cast.accounts[who]))

    @rule(data=st.data(), joins=residents, relation=relations)
    def join(self, data: st.DataObject, joins: int, relation: str) -> None:
        maker, passport = self.one_of(data)
        if not (known := person_with(passport)):
            return
        self.prove_oneself(maker)
        made = self.cast.clients[maker].post(f"/api/v1/people/{known.pk}/guardian-code")
        found = Guardianship.objects.filter(account=self.cast.accounts[maker], person=known).first()
        unproven = found is None or found.proof in (None, IdentityProof.EARLIER)
        assert (made.status_code == 201) == (not unproven), made.content
        if made.status_code == 201:
            sent = {"code": made.json()["code"], "relation": relation}
            answer = self.cast.clients[joins].post("/api/v1/people/join", sent, format="json")
            assert answer.status_code in (201, 409, 422), answer.content

    @rule(data=st.data(), officer=st.booleans())
    def end_a_guardianship(self, data: st.DataObject, officer: bool) -> None:
        """The resident lets go of the person, or an officer ends it with the document at hand."""
        who, passport = self.one_of(data)
        known = person_with(passport)
        found = Guardianship.objects.filter(account=self.cast.accounts[who], person=known).first()
        if found is None:
            return
        if officer:
            given: dict[str, Any] = {
                "name": NAME,
                "id_type": "20",
                "id_number": passport,
                "document_seen": True,
            }
            given |= {"guardianship": found.pk, **SENT_GROUND}
            answer = self.cast.officer.post("/api/v1/guardians/ended", given, format="json")
        else:
            url = f"/api/v1/people/{found.person_id}/guardianship"
            answer = self.cast.clients[who].delete(url)
        assert answer.status_code in (201, 204, 409), answer.content

    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        who, passport = self.one_of(data)
        if not (known := person_with(passport)):
            return
        self.prove_oneself(who)
        answer = self.cast.clients[who].post(
            f"/api/v1/people/{known.pk}/erasure", {"person": known.pk}, format="json"
        )
        found = Guardianship.objects.filter(account=self.cast.accounts[who], person=known).first()
        if answer.status_code != 200:
            refused = 404 if found is None else 403 if found.proof is None else 409
            assert answer.status_code == refused, answer.content
            return
        assert person_with(passport) is None
        # An account that looks after nobody any more has gone, too.
        account = resident_account(phone=PHONES[who])
        self.cast.accounts[who], self.cast.clients[who] = account, client_of(account)

    def prove_oneself(self, who: int) -> None:
        """Log in anew and answer what the service asks before it shows or gives away everything."""
        self.cast.clients[who] = client_of(self.cast.accounts[who])
        proves_itself(self.cast.accounts[who])

    # What others do.

    @rule(passport=documents, what=st.sampled_from(sorted(REPORTS)), days=st.integers(0, 3))
    def report(self, passport: str, what: str, days: int) -> None:
        """Codes are asked for before a worker has recoloured anybody."""
        kind, fact = REPORTS[what]
        when = (self.at - timedelta(days=days, hours=1)).isoformat()
        line = {"id_type": "20", "id_number": passport, **fact, TIMES[kind]: when}
        answer = self.cast.hospital.post(f"/api/v1/evidence/{kind}", line, format="json")
        assert answer.status_code in (201, 202), answer.content
        known = person_with(passport)
        assert known is not None
        self.said.setdefault(known.pk, []).append("hospital")
        self.issue_to_everybody("live")

    @rule(passport=documents)
    def see_on_a_train(self, passport: str) -> None:
        """A presence says nothing about health, so it closes no claim."""
        period = {"from": (self.at - timedelta(hours=3)).isoformat(), "to": self.at.isoformat()}
        line = {"id_type": "20", "id_number": passport, "kind": "train", "place": "G1", **period}
        answer = self.cast.hospital.post("/api/v1/presences", {"presences": [line]}, format="json")
        assert answer.status_code == 201, answer.content

    @rule(passport=documents, last=st.integers(0, 3))
    def withdraw(self, passport: str, last: int) -> None:
        counting = Evidence.objects.filter(person=person_with(passport), withdrawn_by=None)
        reported = counting.exclude(kind__in=("declaration", "check_in")).order_by("-pk")
        if fact := reported[last : last + 1].first():
            url = f"/api/v1/evidence/{fact.pk}/withdrawal"
            assert self.cast.officer.post(url, SENT_GROUND, format="json").status_code in (200, 201)
            self.issue_to_everybody("live")

    @rule(who=st.none() | residents, passport=documents, relation=relations)
    def show_the_document(self, who: int | None, passport: str, relation: str) -> None:
        given = {"name": NAME, "id_type": "20", "id_number": passport, "home_area": HOME}
        given |= {"relation": relation, "document_seen": True, **SENT_GROUND}
        given |= {"phone": None if who is None else PHONES[who]}
        answer = self.cast.officer.post("/api/v1/documents-seen", given, format="json")
        assert answer.status_code in ((201,) if who is None else (201, 409)), answer.content
        if who is None:
            self._get_a_card(answer.json())

    @rule(merge=st.booleans())
    def two_documents_of_one_person(self, merge: bool) -> None:
        """An officer merges the two registrations, or separates them again."""
        sent: dict[str, Any] = {"id_type": "20", "id_number": PASSPORTS[0], **SENT_GROUND}
        if merge:
            sent |= {"other_id_type": "20", "other_id_number": PASSPORTS[1]}
            sent |= {"documents_seen": True}
        path = "merged" if merge else "separated"
        answer = self.cast.officer.post(f"/api/v1/{path}-registrations", sent, format="json")
        assert answer.status_code in (201, 202, 404, 409), answer.content
        self.issue_to_everybody("live")

    def _get_a_card(self, seen: dict[str, Any]) -> None:
        url = f"/api/v1/documents-seen/{seen['act']}/declaration"
        sent = {"symptoms": [], "stays": [], "contact_with_case": False, **SENT_GROUND}
        if self.cast.officer.post(url, sent, format="json").status_code == 201:
            self.said.setdefault(seen["person"], []).append("officer")
        answer = self.cast.officer.get(f"/api/v1/documents-seen/{seen['act']}/card.pdf")
        assert answer.status_code == 200, answer.content
        self.codes.append(IssuedOnce(read_card(answer.content), seen["person"], None))

    @rule(hours=st.sampled_from([1, 25, 24 * 4, 24 * 7 + 1]))
    def wait(self, hours: int) -> None:
        """Codes are asked for before the sweep."""
        if self.at + timedelta(hours=hours) < START + LONGEST:
            self.at += timedelta(hours=hours)
            self.shifting.move_to(self.at)
            self.issue_to_everybody("paper")

    @rule()
    def forget_people_who_wait(self) -> None:
        forget_waiting(at=self.at)

    # What must be true.

    @invariant()
    def every_code_says_the_colour(self) -> None:
        recolour(at=self.at)
        sweep(at=self.at)
        # A snapshot does not tell what its own transaction, which is this whole test, did later.
        StatusList.objects.update(seen="")
        editions.publish(at=self.at)
        judge = door(at=self.at)
        for issued in list(self.codes):
            if judge(issued.code).reason in ("superseded", "expired"):
                self.codes.remove(issued)
                continue
            assert Person.objects.filter(pk=issued.person).exists(), "the person was erased"
            assert decode(issued.code).code.colour is self.colour_of(issued.person)
            guards = Guardianship.objects.filter(account=issued.account, person=issued.person)
            assert issued.account is None or guards.exists(), "somebody else has proven themselves"

    def colour_of(self, person: int) -> Colour:
        return decide_from_database(person, policy_at(self.at), self.at).colour

    def closed(self, who: int, person: Person) -> bool | None:
        """Return whether a claim is closed; None if the resident does not look after the person."""
        account = self.cast.accounts[who]
        found = Guardianship.objects.filter(account=account, person=person).first()
        if found is None:
            return None
        if found.proof is not None:
            return False
        others = any(by != who for by in self.said.get(person.pk, []))
        merged = MergedRegistration.objects.filter(person=person).exists()
        return others or merged or self.at >= found.since + CLAIMS_LIVE


def test_no_code_says_another_colour_than_the_person_s(cast: Cast) -> None:
    run_state_machine_as_test(
        lambda: OneColour(cast),
        settings=settings(
            max_examples=20,
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
        ),
    )
