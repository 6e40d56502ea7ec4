"""Fill an empty database with a city."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime
from functools import partial
from typing import Final

from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import Account, Person, Role
from accounts.services import add_staff
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.areas.models import Area
from healthcode.colours import decide_many
from healthcode.colours.models import Policy, Recomputation
from healthcode.colours.policy import SHIPPED
from healthcode.colours.recompute import run
from healthcode.colours.services import publish_policy
from healthcode.evidence.models import Evidence, EvidenceKind, ReportKind
from healthcode.sources.granting import grant_reporting
from healthcode.tools.synthetic_city import population, rows
from healthcode.tools.synthetic_city.loading import AHEAD, copy, in_order, set_aside
from healthcode.tools.synthetic_city.people import Plan
from healthcode.tracing import partitions
from healthcode.web.days import SHANGHAI, start_of_day

# Named as the demo names its own, because a service has only one first administrator.
ADMINISTRATOR: Final = "demo.administrator"
OFFICER: Final = "city.officer"
SOURCE: Final = "city.source"
PROVINCE: Final = "33"
TABLES: Final = (
    "accounts_person",
    "colours_personcolour",
    "evidence_evidence",
    "tracing_place",
    "tracing_membership",
    "tracing_presence",
)
_GROUND: Final = Ground(GroundKind.OPERATIONS, "A city that does not exist")
_AT_ONCE: Final = 5000

Progress = Callable[[str, int, int], None]
"""Called with the current step, how much of it is done, and how much there is."""


class NotEmpty(Exception):
    """Raised if this database already contains people."""


def plan(*, people: int, seed: int, until: date, visits: int) -> Plan:
    """Plan a city of this many people. The divisions must be in the database.

    Args:
        until: the end of the two weeks about which something is known (00:00 in Shanghai).
        visits: how many visits a person makes in this time on average.
    """
    # The weights name the divisions of 2020, so divisions that have ended since then still count.
    known = Area.objects.filter(code__startswith=PROVINCE).order_by("code")
    codes = list(known.values_list("code", flat=True))
    return Plan(
        seed=seed,
        people=people,
        homes=population.homes(codes),
        journeys=population.journeys([code for code in codes if len(code) == 6]),
        until=until,
        visits_a_person=visits,
    )


def prepare(*, at: datetime) -> None:
    """Make the divisions, an officer, a source and a policy that holds since before the two weeks.

    Raises:
        NotEmpty: the database already contains people.
    """
    if Person.objects.exists():
        raise NotEmpty
    call_command("load_divisions", verbosity=0)
    partitions.maintain(at=at)
    officer = add_staff(username=OFFICER, password=None, role=Role.OFFICER, area="", at=at)
    add_staff(username=SOURCE, password=None, role=Role.SOURCE, area="", at=at)
    _grant_source(at)
    if not Policy.objects.exists():
        text = SHIPPED.read_text(encoding="utf-8")
        long_ago = datetime(2020, 1, 1, tzinfo=SHANGHAI)
        publish_policy(account=officer, text=text, holds_from=long_ago, ground=_GROUND, at=at)
    # The recomputation is for everybody, and there is nobody yet.
    for waiting in Recomputation.objects.filter(finished_at__isnull=True):
        run(waiting.pk)


def _grant_source(at: datetime) -> None:
    """Let the source report everything, and make everybody red, as a measurement may need."""
    administrator = add_staff(
        username=ADMINISTRATOR, password=None, role=Role.ADMINISTRATOR, area="", at=at
    )
    grant_reporting(
        account=administrator,
        source=SOURCE,
        area="",
        kinds=set(ReportKind),
        reddening_lines_a_day=1_000_000,
        ground=_GROUND,
        at=at,
    )


def load(plan: Plan, *, processes: int, progress: Progress) -> None:
    """Load the people of a prepared city, all or nothing, and vacuum the tables.

    Afterwards every colour is the one that `decide()` gives at midnight at the end of the two
    weeks.
    """
    policy = Policy.objects.values_list("version", flat=True).latest("holds_from")
    source = Account.objects.values_list("pk", flat=True).get(username=SOURCE)
    blocks = plan.blocks
    passes = (
        ("People", rows.PEOPLE, blocks, partial(rows.people, plan)),
        ("Colours", rows.COLOURS, blocks, partial(rows.colours, plan, policy=policy)),
        ("Stays", rows.EVIDENCE, blocks, partial(rows.evidence, plan, source=source)),
        ("Homes", rows.PLACES, blocks, partial(rows.households, plan)),
        ("Members", rows.MEMBERS, blocks, partial(rows.members, plan)),
        ("Places", rows.PLACES, 1, partial(rows.places, plan)),
        ("Visits", rows.PRESENCES, blocks, partial(rows.visits, plan)),
    )
    # Processes that draw people are started fresh, because a fork would share the database
    # connection.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool, transaction.atomic():
        with set_aside(TABLES):
            for title, target, number, draw in passes:
                drawn = in_order(draw, number, processes=pool, ahead=AHEAD * processes)
                copy(target, _watched(drawn, title, number, progress))
            progress("Indexes", 0, 1)
        _number_on("accounts_person", "tracing_place")
        progress("Indexes", 1, 1)
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")
    _colour_cases(plan, progress)


def _watched(
    blocks: Iterator[bytes], title: str, total: int, progress: Progress
) -> Iterator[bytes]:
    for done, block in enumerate(blocks):
        progress(title, done, total)
        yield block
    progress(title, total, total)


def _number_on(*tables: str) -> None:
    """Make the next rows of `tables` get numbers after the city's."""
    with connection.cursor() as cursor:
        for table in tables:
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            cursor.execute(f"SELECT setval({sequence}, max(id)) FROM {table}")  # noqa: S608


def _colour_cases(plan: Plan, progress: Progress) -> None:
    at = start_of_day(plan.until)
    cases = Evidence.objects.filter(kind=EvidenceKind.CASE)
    ill = sorted(cases.values_list("person_id", flat=True))
    for start in range(0, len(ill), _AT_ONCE):
        progress("Cases", start, len(ill))
        with transaction.atomic():
            decide_many.recompute_people(ill[start : start + _AT_ONCE], at=at)
    progress("Cases", len(ill), len(ill))
