"""Make people, places and evidence for the tests of colours."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count

from accounts.merging import unite
from accounts.models import Account, Grant, Person, Role
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.areas.models import Area, AreaLevel, Level
from healthcode.colours import policy as policies
from healthcode.colours.models import PersonColour, Policy
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.web.days import SHANGHAI
from tests.acts import GROUND

DEFAULT_TEXT = policies.SHIPPED.read_text(encoding="utf-8")
DEFAULT = policies.parse(DEFAULT_TEXT)
# The same, but nobody raises an alarm.
QUIET_TEXT = re.sub(r"(\n\[alarm\]\npeople = )5\n", r"\g<1>1000000\n", DEFAULT_TEXT)
# The same rules, but one officer alone may do everything: for tests of other things.
ALONE_TEXT = re.sub(
    r"(?s)\n\[second_person\]\n.*?\n\n",
    "\n[second_person]\npeople = 1000000\nkinds = []\ndated_before_days = 365\n\n",
    QUIET_TEXT,
)
# The version before it, in which yellow areas make people yellow.
VERSION_1 = policies.SHIPPED.with_name("CN-33-2020-02.toml")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

_numbers = count(1)


def shanghai(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Return a time of 2020 in Shanghai."""
    return datetime(2020, month, day, hour, minute, tzinfo=SHANGHAI)


def officer(area: str = "33") -> Account:
    """Make an officer with authority over `area`."""
    account = Account.objects.create(username=f"officer-{next(_numbers)}")
    Grant.objects.create(account=account, role=Role.OFFICER, area=area)
    return account


def act(account: Account | None = None) -> Act:
    """Make an act to which levels and policies can refer."""
    return Act.objects.create(
        account=account or officer(), kind="test", ground=GROUND.text, detail={}, at=LONG_AGO
    )


def publish(text: str = ALONE_TEXT, *, holds_from: datetime = LONG_AGO) -> policies.RuleSet:
    """Put a policy in force without a recomputation."""
    policy = policies.parse(text)
    Policy.objects.create(version=policy.version, text=text, holds_from=holds_from, act=act())
    return policy


def areas(*codes: str) -> None:
    """Make divisions named by their code, with all divisions that contain them."""
    every = {code[:n] for code in codes for n in (2, 4, 6, 9) if n <= len(code)}
    Area.objects.bulk_create([Area(code=c, name=c) for c in sorted(every)], ignore_conflicts=True)


def people(number: int, home: str = "33") -> list[int]:
    """Make this many people; return their ids, ascending."""
    areas(home)
    made = Person.objects.bulk_create([Person(home_area=home) for _ in range(number)])
    return [person.pk for person in made]


def merge(*registrations: int) -> None:
    """Make these the registrations of one person; none of them is merged yet."""
    merged = Act.objects.create(
        account=officer(),
        kind=ActKind.REGISTRATIONS_MERGED,
        ground=GROUND.text,
        detail={"registrations": list(registrations)},
        at=LONG_AGO,
    )
    unite(registrations, merged.pk)


def levels(code: str, *periods: tuple[Level, datetime, datetime | None]) -> None:
    """Give an area levels over time."""
    areas(code)
    by = act()
    AreaLevel.objects.bulk_create(
        AreaLevel(area_id=code, level=level, during=(starts, ends), act=by)
        for level, starts, ends in periods
    )


def fact(
    person: int,
    kind: EvidenceKind,
    starts: datetime,
    ends: datetime | None,
    *traits: str,
    area: str | None = None,
    day: date | None = None,
    source: Account | None = None,
) -> Evidence:
    """Store a fact."""
    return Evidence.objects.create(
        person_id=person,
        kind=kind,
        starts=starts,
        ends=ends,
        traits=list(traits),
        area_id=area,
        day=day,
        source=source or Account.objects.create(username=f"source-{next(_numbers)}"),
    )


def stay(person: int, area: str, starts: datetime, ends: datetime | None) -> Evidence:
    """Store a stay in an area."""
    areas(area)
    return fact(person, EvidenceKind.STAY, starts, ends, area=area)


def check_ins(person: int, first: date, days: int) -> None:
    """Store a healthy check-in each day at 08:00 in Shanghai, `days` days in a row."""
    source = Account.objects.create(username=f"source-{next(_numbers)}")
    for n in range(days):
        day = first + timedelta(days=n)
        at = datetime(day.year, day.month, day.day, 8, tzinfo=SHANGHAI)
        fact(person, EvidenceKind.CHECK_IN, at, at, "healthy", day=day, source=source)


def colours(ids: Sequence[int]) -> Mapping[int, int]:
    """Return the stored colour of each person."""
    return dict(PersonColour.objects.filter(pk__in=ids).values_list("pk", "colour"))
