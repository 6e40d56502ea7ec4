"""`generate_city` fills an empty database with data that the rest of the service accepts."""

from datetime import date, datetime

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Account, Person
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.codes import keys
from healthcode.codes.status_lists import indexes
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import PersonColour, Recomputation
from healthcode.core import Colour
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.tools.demo import logins
from healthcode.tools.synthetic_city import build
from healthcode.tools.synthetic_city.loading import INDEXES
from healthcode.web.days import SHANGHAI
from tests.bench.entrance import Entrance
from tests.owner import as_owner

PEOPLE = 6000
UNTIL = date(2020, 2, 24)
END = datetime(2020, 2, 24, tzinfo=SHANGHAI)

pytestmark = pytest.mark.django_db(transaction=True)


def generate() -> None:
    with as_owner():
        call_command("generate_city", people=PEOPLE, until=UNTIL, processes=1, verbosity=0)


def definitions() -> list[tuple[str, str]]:
    """Return the indexes and foreign keys of the loaded tables."""
    tables = ["evidence_evidence", "colours_personcolour", "accounts_person", "tracing_presence"]
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [tables])
        indexes = cursor.fetchall()
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = ANY(%s::regclass[]) ORDER BY 1",
            [tables],
        )
        return [*indexes, *cursor.fetchall()]


def test_the_benches_open_an_entrance_in_a_city() -> None:
    """Roles wait for a second person there, because a city has an officer before them."""
    keys.keyring.forget()
    indexes.known_parts.forget()
    with as_owner():
        build.prepare(at=timezone.now())
    entrance = Entrance.open()
    (code,) = entrance.codes(1)
    assert entrance.signatures([code])
    officer = Account.objects.get(username=logins.OFFICER)
    granted = Act.objects.filter(kind=ActKind.STAFF_GRANTED, detail__account=officer.pk)
    assert granted.get().confirmed_by == Account.objects.get(username=build.OFFICER)


def test_a_city_is_whole() -> None:
    before = definitions()

    generate()

    assert Person.objects.count() == PersonColour.objects.count() == PEOPLE
    assert Evidence.objects.filter(kind=EvidenceKind.STAY).count() > 2.8 * PEOPLE
    assert definitions() == before
    assert not Recomputation.objects.filter(finished_at=None).exists()
    assert Person.objects.create(home_area="330102").pk == PEOPLE + 1


def test_every_colour_is_what_the_evidence_says() -> None:
    generate()
    ill = Evidence.objects.filter(kind=EvidenceKind.CASE).values("person")
    people = list(Person.objects.order_by("pk").values_list("pk", flat=True))

    with transaction.atomic():
        changed = recompute_people(people, at=END)

    assert changed == 0
    assert set(PersonColour.objects.exclude(colour=Colour.GREEN).values_list("person")) == set(
        ill.values_list("person")
    )


def test_a_database_with_people_is_left_alone() -> None:
    generate()

    with pytest.raises(CommandError, match="use an empty one"):
        generate()


def test_a_real_service_takes_no_such_people(settings: LazySettings) -> None:
    settings.DEMO = False

    with pytest.raises(CommandError, match="DEMO"):
        generate()

    assert not Person.objects.exists()
