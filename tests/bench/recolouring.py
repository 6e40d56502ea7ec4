"""Measure what a change of levels costs compared with the bare UPDATE that it cannot beat."""

from collections.abc import Iterator

import django

from tests.bench.figures import Figure, Goal, alternate
from tests.bench.stage import Stage

SUITE = "recolouring"
AT_MOST = Goal(at_most=2.5)
# Districts of a far city to which no journey leads: one for each number of travellers.
DISTRICTS = ("420102", "420103", "420104", "420105")
ONE_COUNTY = "330106"


def figures(stage: Stage) -> Iterator[Figure]:
    """Return all measures of recolouring, on a small city and a large one."""
    django.setup()
    from tests.bench.city import city
    from tests.bench.outbreak import send_travellers

    size = stage.size
    small, large = city(stage, size.small), city(stage, size.large)
    places = dict(zip(size.touched, DISTRICTS, strict=False))
    for database, people in ((small, size.small), (large, size.large)):
        for travellers, area in places.items():
            send_travellers(database, area=area, people=people, travellers=travellers)
    for touched, area in places.items():
        yield from _against_bare(stage, large, touched, area)
    yield from _against_size(stage, small, large, places)
    yield from _with_leaf(stage, large, size.touched[-1], places[size.touched[-1]])
    yield _map_against_county(stage, small)
    yield from _two_workers(stage, large, size.touched[-1], places[size.touched[-1]])
    yield _memory(stage, large, places)
    yield _audit(stage, large)


def _against_bare(stage: Stage, database: str, touched: int, area: str) -> Iterator[Figure]:
    from tests.bench.outbreak import Outbreak

    outbreak = Outbreak(stage, database, [area])
    whole, bare, batched = alternate(
        outbreak.recolour, outbreak.bare, outbreak.bare_in_batches, rounds=stage.size.rounds
    )
    outbreak.end()
    measure = f"recolour {touched:,} people"
    yield Figure(SUITE, measure, "one bare UPDATE of the same rows", "s", whole, bare, AT_MOST)
    took = outbreak.processor
    yield Figure(
        SUITE,
        f"{measure}: the database's processor time",
        "that of one bare UPDATE",
        "s",
        took["recolour"],
        took["bare"],
        note="steadier than seconds where other programs run beside the measurement",
    )
    same = "the same UPDATE in as many transactions"
    yield Figure(SUITE, measure, same, "s", whole, batched, AT_MOST)


def _against_size(stage: Stage, small: str, large: str, places: dict[int, str]) -> Iterator[Figure]:
    """Touch the same number of people in both cities, because cost follows the people touched."""
    from tests.bench.outbreak import Outbreak

    smaller = f"the same in a city {stage.size.large / stage.size.small:g} times smaller"
    for touched, area in list(places.items())[1:]:
        one, other = Outbreak(stage, large, [area]), Outbreak(stage, small, [area])
        subject, limit, bare, bare_limit = alternate(
            one.recolour, other.recolour, one.bare, other.bare, rounds=stage.size.rounds
        )
        for outbreak in (one, other):
            outbreak.end()
        yield Figure(
            SUITE,
            f"recolour {touched:,} in a city of {stage.size.large:,}",
            smaller,
            "s",
            subject,
            limit,
            Goal(at_most=1.3),
        )
        yield Figure(
            SUITE,
            f"a bare UPDATE of {touched:,} in a city of {stage.size.large:,}",
            smaller,
            "s",
            bare,
            bare_limit,
            note="the rows lie further apart in the larger city, whoever changes them",
        )


def _with_leaf(stage: Stage, database: str, touched: int, area: str) -> Iterator[Figure]:
    """Record the act of the change, and extend the public log by its leaf."""
    from django.utils import timezone

    from healthcode.acts.log import keys, sequencer
    from tests.bench.outbreak import Outbreak

    outbreak = Outbreak(stage, database, [area])
    keys.make_keys(at=timezone.now())
    sequencer.keep_extending(at=timezone.now())
    logged, alone = alternate(
        outbreak.recolour_with_leaf, outbreak.recolour, rounds=2 * stage.size.rounds
    )
    outbreak.end()
    measure = f"recolour {touched:,} people with act, leaf and checkpoint"
    goal = Goal(at_most=1.05)
    yield Figure(SUITE, measure, "recolouring alone", "s", logged, alone, goal)
    took = outbreak.processor
    yield Figure(
        SUITE,
        f"{measure}: the database's processor time",
        "that of recolouring alone",
        "s",
        took["recolour with leaf"],
        took["recolour"],
        goal,
    )


def _map_against_county(stage: Stage, database: str) -> Figure:
    """Compare a whole map of ninety counties with one county, by person."""
    from healthcode.areas.models import Area
    from tests.bench.city import turn_to
    from tests.bench.outbreak import Outbreak

    turn_to(database)
    county = Outbreak(stage, database, [ONE_COUNTY])
    subject: list[float] = []
    limit: list[float] = []
    counties = list(
        Area.objects.filter(code__regex="^33[0-9]{4}$", ends=None).values_list("code", flat=True)
    )
    for _ in range(stage.size.rounds):
        limit.append(county.recolour() / len(county.people) * 1e6)
        county.end()
        whole = Outbreak(stage, database, counties)
        subject.append(whole.recolour() / len(whole.people) * 1e6)
        whole.end()
        county = Outbreak(stage, database, [ONE_COUNTY])
    county.end()
    return Figure(
        SUITE,
        f"recolour a whole map ({len(counties)} counties), by person",
        "one county, by person",
        "µs",
        subject,
        limit,
        Goal(at_most=1.0),
    )


def _two_workers(stage: Stage, database: str, touched: int, area: str) -> Iterator[Figure]:
    from tests.bench.outbreak import Outbreak

    outbreak = Outbreak(stage, database, [area])
    two, one, shipped, bare = alternate(
        lambda: touched / outbreak.with_workers(2),
        lambda: touched / outbreak.with_workers(1),
        outbreak.as_shipped,
        outbreak.bare,
        rounds=stage.size.rounds,
    )
    outbreak.end()
    yield Figure(
        SUITE,
        f"two workers recolour {touched:,}",
        "one worker",
        "people/s",
        two,
        one,
        Goal(at_least=1.6),
    )
    yield Figure(
        SUITE,
        f"recolour {touched:,} people by the two processes of a worker as shipped",
        "one bare UPDATE of the same rows",
        "s",
        shipped,
        bare,
        note="by the clock alone: it keeps two processors busy and the UPDATE one",
    )


def _memory(stage: Stage, database: str, places: dict[int, str]) -> Figure:
    from tests.bench.outbreak import Outbreak

    (fewest, near), (most, far) = min(places.items()), max(places.items())
    peaks = {}
    for touched, area in ((fewest, near), (most, far)):
        outbreak = Outbreak(stage, database, [area])
        peaks[touched] = [outbreak.memory() for _ in range(2)]
        outbreak.end()
    return Figure(
        SUITE,
        f"memory of a worker that recolours {most:,}",
        f"of one that recolours {fewest:,}",
        "MiB",
        peaks[most],
        peaks[fewest],
        Goal(at_most=1.1),
    )


def _audit(stage: Stage, database: str) -> Figure:
    """Check the same people in each round, so that their facts are in memory for both."""
    from time import perf_counter

    from django.utils import timezone

    from healthcode.audit.services import PEOPLE_AT_ONCE
    from healthcode.colours.audit import checked_part
    from healthcode.evidence.selectors import facts_of_many
    from tests.bench.city import turn_to

    turn_to(database)
    at = timezone.now()
    checked = checked_part(after=0, most=PEOPLE_AT_ONCE, at=at)
    people = [one.row.person for one in checked]

    def audit() -> float:
        began = perf_counter()
        checked_part(after=0, most=PEOPLE_AT_ONCE, at=at)
        return len(people) / (perf_counter() - began)

    def read() -> float:
        began = perf_counter()
        facts_of_many(people)
        return len(people) / (perf_counter() - began)

    audited, read_only = alternate(audit, read, rounds=stage.size.rounds)
    return Figure(
        SUITE,
        "audit stored colours",
        "reading the facts of the same people",
        "people/s",
        audited,
        read_only,
        note="each night checks everybody",
    )
