"""Measure a surge of ten times the sustained load, and whether the service recovers.

The measurement also draws a plot.
"""

import asyncio
import contextlib
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from typing import Any

import django
import psutil

from tests.bench.figures import Figure, Goal
from tests.bench.plot import plot
from tests.bench.stage import Stage
from tests.bench.web import KeptConnection, Server, dial, rate, request, serving

SUITE = "surge"
PEOPLE = 10_000
CALLERS = 8
TIMES = 10
SECONDS = {"small": 20, "city": 300}
AFTER_SECONDS = 10
MOST_LINES = 800
TICK = 0.01
PLOT = Path("var/surge.svg")
SCANS = "/api/v1/scans"


@dataclass
class Course:
    """What happened in each second. `stored` has the ids that the server acknowledged."""

    taken: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    turned_away: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    broken: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    unsent: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    waits: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    megabytes: dict[int, float] = field(default_factory=dict)
    stored: list[str] = field(default_factory=list)


def figures(stage: Stage) -> Iterator[Figure]:
    """Compare what is admitted during a surge with what the service takes under normal load."""
    django.setup()
    from tests.bench.city import city
    from tests.bench.entrance import Entrance

    database = city(stage, PEOPLE, name="surge")
    entrance = Entrance.open()
    codes = cycle(entrance.codes(500))
    seconds = SECONDS[stage.size.name]
    with serving(stage, database, workers=1) as server:

        def scan() -> bytes:
            return request("POST", SCANS, entrance.device, entrance.scan(next(codes)))

        capacity = rate(server.port, scan, callers=CALLERS, seconds=5)
        course = asyncio.run(_Surge(server, entrance, codes, capacity).run(seconds))
    _all_stored(course)
    plot(
        PLOT,
        {"let in, /s": course.taken, "turned away, /s": course.turned_away},
        seconds + AFTER_SECONDS,
    )
    yield from _figures(course, capacity, seconds)


class _Surge:
    """Callers that keep coming, whether or not those before them were answered."""

    def __init__(self, server: Server, entrance: Any, codes: Iterator[str], rate: float) -> None:
        self._server, self._entrance, self._codes, self._rate = server, entrance, codes, rate
        self._idle: list[KeptConnection] = []
        self._lines = 0
        self._course = Course()
        self._began = time.perf_counter()
        self._calls: set[asyncio.Task[None]] = set()

    async def run(self, seconds: int) -> Course:
        """Run a surge of this many seconds, and then half of the sustained load."""
        self._began = time.perf_counter()
        await self._keep_coming(TIMES * self._rate, until=seconds)
        await self._keep_coming(self._rate / 2, until=seconds + AFTER_SECONDS)
        await asyncio.gather(*self._calls)
        return self._course

    async def _keep_coming(self, rate: float, *, until: float) -> None:
        began, sent = self._now(), 0
        while self._now() < until:
            while sent < (self._now() - began) * rate:
                sent += 1
                self._come()
            self._watch()
            await asyncio.sleep(TICK)

    def _come(self) -> None:
        if not self._idle and self._lines >= MOST_LINES:
            self._course.unsent[int(self._now())] += 1
            return
        line = self._idle.pop() if self._idle else None
        self._lines += line is None
        call = asyncio.create_task(self._call(line))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _call(self, line: KeptConnection | None) -> None:
        name = str(uuid.uuid4())
        body = f'{{"id": "{name}", "code": "{next(self._codes)}"}}'.encode()
        began = self._now()
        second = int(began)
        try:
            line = line if line is not None and line.is_open else await dial(self._server.port)
            status = await line.ask(request("POST", SCANS, self._entrance.device, body))
        except OSError:
            self._course.broken[second] += 1
            self._lines -= 1
            return
        self._idle.append(line)
        if status == 200:
            self._course.taken[int(self._now())] += 1
            self._course.waits[second].append(self._now() - began)
            self._course.stored.append(name)
        elif status == 503:
            self._course.turned_away[int(self._now())] += 1
        else:
            self._course.broken[second] += 1

    def _watch(self) -> None:
        second = int(self._now())
        if second not in self._course.megabytes:
            family = psutil.Process(self._server.process.pid).children(recursive=True)
            sizes = []
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    sizes.append(process.memory_info().rss)
            self._course.megabytes[second] = sum(sizes) / 2**20

    def _now(self) -> float:
        return time.perf_counter() - self._began


def _all_stored(course: Course) -> None:
    from verifier.models import Scan

    found = set(Scan.objects.values_list("id", flat=True))
    lost = [name for name in course.stored if uuid.UUID(name) not in found]
    assert not lost, f"{len(lost)} scans were acknowledged and are not stored."


def _figures(course: Course, capacity: float, seconds: int) -> Iterator[Figure]:
    let_in = [float(course.taken[second]) for second in range(1, seconds)]
    away = sum(course.turned_away.values())
    broken, unsent = sum(course.broken.values()), sum(course.unsent.values())
    waits = [wait for second in range(1, seconds) for wait in course.waits[second]]
    note = (
        f"the slowest hundredth of those let in waited {quantiles(waits, n=100)[98]:.2f} s; "
        f"{away:,} turned away with 503, {broken:,} connections broken, {unsent:,} not sent for "
        f"want of connections; all {len(course.stored):,} acknowledged scans are stored; after the "
        f"surge all is answered again from second {_recovered(course, seconds)} on; {PLOT}"
    )
    yield _against(
        f"scans let in, {TIMES} times as many coming",
        "/s",
        let_in,
        capacity,
        Goal(at_least=0.8),
        note,
    )
    memory = course.megabytes
    last = [memory[s] for s in sorted(memory) if s >= seconds - 3 and s < seconds]
    limit = memory[min(memory)]
    yield _against("memory of the server at the end", "MiB", last, limit, Goal(at_most=1.5), "")


def _against(
    measure: str, unit: str, subject: Sequence[float], limit: float, goal: Goal, note: str
) -> Figure:
    limits = [limit] * len(subject)
    is_ = "before the surge"
    return Figure(SUITE, measure, is_, unit, subject, limits, goal, note)


def _recovered(course: Course, seconds: int) -> int:
    """Return the second after the surge from which on nobody was turned away."""
    failed = [*course.turned_away, *course.broken]
    return max([second - seconds + 1 for second in failed if second >= seconds], default=0)
