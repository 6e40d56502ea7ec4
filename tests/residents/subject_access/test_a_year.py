"""A year passes; then every table is counted."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session

from accounts import services as accounts
from accounts.logins import start_login
from accounts.models import Account, Person
from healthcode.colours.models import Recomputation
from healthcode.colours.recompute import run
from healthcode.evidence.declarations import CheckIn, Declaration, Stay
from healthcode.evidence.ndjson import NumberedLine
from healthcode.residents.declarations.services import check_in, declare
from healthcode.sources.evidence import report_evidence
from healthcode.tracing.models import Place, Presence
from healthcode.web.keeping import Cadence, forget
from tests.accounts.people import WANG
from tests.colours import world
from tests.evidence.conftest import reporting
from verifier.doors.scanning import EnrolledDevice, NewScan, Outcome, scan_all

BEGIN = datetime(2026, 1, 5, 2, tzinfo=UTC)
DAY = timedelta(days=1)
WELL = CheckIn(symptoms=(), temperature=Decimal("36.5"))
PHONES = {"13800138000": WANG, "13900139000": None}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy")]


@pytest.fixture
def wang() -> Person:
    """Registered by phone; another phone logged in and registered nobody."""
    world.areas("330106", "330127")
    someone = None
    for phone, document in PHONES.items():
        start_login(phone=phone, at=BEGIN)
        account = accounts.resident_account(phone=f"+86{phone}")
        Account.objects.filter(pk=account.pk).update(created_at=BEGIN)
        accounts.issue_token(account=account, label="login", expires_at=BEGIN + 14 * DAY)
        if document:
            someone = accounts.register_person(
                account=account, relation=None, phone=None, **document, at=BEGIN
            )
    assert someone
    return someone


def a_month(person: Person) -> None:
    """Record stays at home and away, a contact, daily check-ins, a presence and a scan."""
    account = Account.objects.get(guardianships__person=person)
    stays = (Stay("330106", BEGIN - 90 * DAY, None), Stay("330127", BEGIN - 3 * DAY, BEGIN - DAY))
    said = Declaration(symptoms=(), temperature=None, contact_with_case=False, stays=stays)
    declare(account=account, person=person, declaration=said, at=BEGIN)
    contact = {
        "person": person.pk,
        "strength": "close",
        "from": (BEGIN - DAY).isoformat(),
        "to": BEGIN.isoformat(),
    }
    tracer = reporting("tracer")
    report = report_evidence(
        source=tracer, kind="contacts", lines=[NumberedLine(1, contact)], at=BEGIN
    )
    assert report.accepted == 1
    assert report.recomputation
    run(report.recomputation, clock=lambda: BEGIN)
    for day in range(30):
        check_in(account=account, person=person, check_in=WELL, at=BEGIN + day * DAY)
    Presence.objects.create(
        day=BEGIN.date(),
        person=person,
        place=Place.objects.create(kind="household"),
        starts=BEGIN,
        ends=BEGIN + timedelta(hours=1),
        sure=True,
    )
    door = EnrolledDevice(device=1, venue=1, yellow=Outcome.CAUTION)
    scan_all(door=door, scans=[NewScan(uuid4(), "no code", BEGIN)], offline=True, at=BEGIN)
    Session.objects.create(session_key="s", session_data="", expire_date=BEGIN + 14 * DAY)


def forget_everything(at: datetime) -> None:
    """Run everything that beat would have run by that day."""
    for cadence in Cadence:
        forget(cadence, at=at)


def counted() -> Counter[str]:
    """Count the rows of every table except the divisions."""
    models = [model for model in apps.get_models() if model.__name__ != "Area"]
    framework = {"auth", "contenttypes"}
    return Counter(
        {
            model.__name__: count
            for model in models
            if model._meta.app_label not in framework and (count := model.objects.count())
        }
    )


def test_of_a_month_a_year_later_only_the_person_is_left(wang: Person) -> None:
    """The registration stays, and the evidence on which the green code rests.

    Of what the source reported only its digest stays, and that the line was forgotten.
    """
    a_month(wang)
    acts = counted()["Act"]
    assert counted()["Evidence"] == 1 + 2 + 1 + 30
    forget_everything(BEGIN + 30 * DAY)
    assert {"Scan", "Presence", "Token", "OneTimeCode", "Session"}.isdisjoint(counted())

    forget_everything(BEGIN + 365 * DAY)

    left = counted()
    # These two rows are the declaration and the stay at home, which goes on.
    assert left.pop("Evidence") == 2
    assert left.pop("Account") == len({"the phone's", "the tracer", "the policy's officer"})
    # Both belong to one day by the clock of the database.
    assert left.pop("Forgotten") == 1
    assert left == {
        "Person": 1,
        "Identity": 1,
        "Guardianship": 1,
        "Grant": 3,
        "SourceGrant": 1,
        "SourceBatch": 1,
        "ForgottenLines": 1,
        "LogLeaf": 1,
        "PersonColour": 1,
        "Policy": 1,
        "Act": acts,
        "Place": 1,
    }
    assert world.colours([wang.pk]) == {wang.pk: 0}
    assert not Recomputation.objects.exists()
