"""The SQL and a brute-force tracer agree on random small worlds.

Hypothesis chooses a seed, and `random` draws a world from it: few places, people and instants, near
midnight in Shanghai or UTC, so that many things happen at the same time.
"""

from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.home_models import FormerHome
from accounts.models import Person
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import NewFact, record, withdraw
from healthcode.tracing.kinds import MEASURES, PlaceKind
from healthcode.tracing.models import Membership, Place
from healthcode.tracing.partitions import maintain
from healthcode.tracing.recording import NewPresence, record_memberships, record_presences
from healthcode.tracing.trace import Chain, Window, trace
from tests.colours import world
from tests.tracing.brute import BruteTracer, Seen, Site, chains

PEOPLE = 8
AREAS = ("", "33", "330106", "330203")
BEGINNING = datetime(2020, 3, 1, 16, tzinfo=UTC)  # 2 March, 00:00 in Shanghai
DAYS = 4
# Sources may write the same instants in any time zone.
ZONES = (UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-10)))


@pytest.fixture(params=["one table", "a partition a day"])
def presences(db: None, request: pytest.FixtureRequest) -> None:
    """Store presences in the default partition, or in one partition for each day."""
    if request.param != "one table":
        maintain(at=BEGINNING)


@pytest.mark.usefixtures("presences")
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_sql_and_brute_force_agree(seed: int) -> None:
    draw = Random(seed)
    with transaction.atomic():
        town = _town(draw)
        ids = sorted(town.homes)
        cases = [_window(draw, draw.choice(ids)) for _ in range(draw.randint(1, 3))]
        at = _instant(draw) + timedelta(days=1)

        found = trace(cases, at=at)

        assert [_sorted(chain) for chain in found] == [_sorted(c) for c in chains(town, cases, at)]
        transaction.set_rollback(True)


def _sorted(chain: Chain) -> tuple[Window, list[object], list[object]]:
    contacts = sorted(chain.contacts, key=lambda c: (c.person, c.strength))
    second = sorted(chain.secondary, key=lambda s: (s.of, s.encounter.person))
    return chain.case, list(contacts), list(second)


def _instant(draw: Random) -> datetime:
    minutes = draw.choice([0, 5, 10, 15, 20, 30, 60, 240, 479, 480, 481, 720, 1439])
    at = BEGINNING + timedelta(days=draw.randrange(DAYS), minutes=minutes)
    return at.astimezone(draw.choice(ZONES))


def _window(draw: Random, person: int) -> Window:
    starts = _instant(draw)
    return Window(person, starts, starts + timedelta(minutes=draw.choice([1, 30, 1440, 5000])))


def _town(draw: Random) -> BruteTracer:
    world.areas("330106", "330203")
    homes = [draw.choice(AREAS[1:]) for _ in range(PEOPLE)]
    people = Person.objects.bulk_create([Person(home_area=home) for home in homes])
    moved = {person.pk: draw.choice(AREAS[1:]) for person in people if draw.random() < 0.3}
    FormerHome.objects.bulk_create(
        [FormerHome(person_id=one, area=left, until=BEGINNING) for one, left in moved.items()]
    )
    town = BruteTracer(
        homes={one.pk: tuple(filter(None, (one.home_area, moved.get(one.pk)))) for one in people}
    )
    ids = sorted(town.homes)
    town.stays = _stays(draw, ids)
    for _ in range(draw.randint(1, 5)):
        kind = draw.choice([*PlaceKind, PlaceKind.TRAIN, PlaceKind.RESTAURANT])
        place = Place.objects.create(kind=kind, area=draw.choice(AREAS))
        site = Site(place.pk, kind, place.area)
        town.seen += _household(draw, ids, site) if kind == "household" else _seen(draw, ids, site)
    return town


def _stays(draw: Random, ids: list[int]) -> list[tuple[int, str, datetime, datetime | None]]:
    facts = []
    for _ in range(draw.randint(0, 4)):
        starts = _instant(draw)
        ends = draw.choice([None, starts, starts + timedelta(hours=5)])
        area = draw.choice(AREAS[1:])
        facts.append(NewFact(draw.choice(ids), EvidenceKind.STAY, starts, ends, area))
    ids_of = record(source=world.officer(), facts=facts, at=BEGINNING).ids
    wrong = {id_ for id_ in ids_of if id_ is not None and draw.random() < 0.3}
    withdraw(ids=wrong, act=world.act())
    kept = [fact for fact, id_ in zip(facts, ids_of, strict=True) if id_ not in wrong]
    return [(fact.person, fact.area or "", fact.starts, fact.ends) for fact in kept]


def _household(draw: Random, ids: list[int], site: Site) -> list[Seen]:
    seen = [
        Seen(
            person, site, starts := _instant(draw), draw.choice([None, starts + timedelta(days=1)])
        )
        for person in draw.sample(ids, draw.randint(1, 4))
    ]
    record_memberships(
        Membership(place_id=site.id, person_id=s.person, starts=s.starts, ends=s.ends) for s in seen
    )
    return seen


def _seen(draw: Random, ids: list[int], site: Site) -> list[Seen]:
    seen: dict[tuple[int, datetime], Seen] = {}
    new = []
    for _ in range(draw.randint(2, 9)):
        person, starts = draw.choice(ids), _instant(draw)
        if (person, starts) in seen:
            continue
        lasts = draw.choice([None, None, 5, 10, 30, 600, 10_000])
        ends = None if lasts is None else starts + timedelta(minutes=lasts)
        presence = NewPresence(
            person,
            site.id,
            site.kind,
            starts,
            ends,
            sure=draw.random() < 0.6,
            carriage=draw.choice([None, 3, 3, 4]) if site.kind in {"train", "coach"} else None,
            seat_row=draw.choice([None, 1, 4, 5]) if MEASURES[site.kind].rows else None,
        )
        new.append(presence)
        seen[person, starts] = Seen(
            person, site, starts, _end(site.kind, starts, ends), presence.sure, presence.carriage,
            presence.seat_row,
        )  # fmt: skip
    record_presences(new)
    # Storing the same presences again must change nothing.
    record_presences(draw.sample(new, len(new)))
    return list(seen.values())


def _end(kind: PlaceKind, starts: datetime, ends: datetime | None) -> datetime:
    """Return the end that should be stored: the one seen, or the assumed one, cut if too long."""
    measure = MEASURES[kind]
    if ends is None:
        return starts + measure.dwell
    return ends if ends - starts <= measure.longest else starts + measure.longest


@pytest.mark.parametrize("kind", PlaceKind)
def test_every_kind_of_place_has_a_measure_that_fits(kind: PlaceKind) -> None:
    measure = MEASURES[kind]

    assert timedelta(0) <= measure.close_after <= measure.longest
    assert timedelta(0) < measure.dwell <= measure.longest
