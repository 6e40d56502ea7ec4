"""Make an outbreak in a place where some people of a city have been.

It recolours just these people.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Account, Role
from healthcode.acts.log import sequencer
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.areas.models import Level
from healthcode.areas.services import publish_levels
from healthcode.colours import batches
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import request, run
from healthcode.tools.run.postgres import OWNER, SERVICE
from healthcode.tools.synthetic_city.build import OFFICER, SOURCE
from tests.acts import GROUND
from tests.bench.city import turn_to
from tests.bench.figures import timed
from tests.bench.stage import Stage
from tests.bench.worker import Worker

# Longer than the city's history.
WINDOW = timedelta(days=20)

# One person in this many was there, spread over the whole city, which is the worst for a cache.
TRAVEL = """
INSERT INTO evidence_evidence
    (person_id, kind, starts, ends, area_id, traits, detail, source_id, received_at)
SELECT 1 + (number::bigint * %(people)s / %(travellers)s), 'stay', %(at)s - interval '9 days',
       %(at)s - interval '8 days', %(area)s, '{}', '{}',
       (SELECT id FROM accounts_account WHERE username = %(source)s), %(at)s
FROM generate_series(0, %(travellers)s - 1) AS number
"""
# Only the writing of what recolouring writes about a person: its limit.
BARE = """
UPDATE colours_personcolour
SET colour = 1, since = %(at)s, next_change_at = NULL, policy_id = policy_id, changes = changes + 1
WHERE person_id = ANY(%(people)s::bigint[])
"""
BACK = """
UPDATE colours_personcolour SET colour = 0, next_change_at = NULL
WHERE person_id = ANY(%(people)s::bigint[])
"""
WAS_GREEN = """
SELECT array_agg(person_id ORDER BY person_id)
FROM (SELECT DISTINCT person_id FROM evidence_evidence
      WHERE kind = 'stay' AND left(area_id, 6) = ANY(%s::varchar[])) AS been
JOIN colours_personcolour USING (person_id) WHERE colour = 0
"""


class Outbreak:
    """Areas at level orange, and the green people of city `database` who were there.

    Before each measurement these people are green, everything is on disk, and the tables are
    vacuumed. So none pays for what the one before left.
    """

    def __init__(self, stage: Stage, database: str, areas: Sequence[str]) -> None:
        self.stage = stage
        self.database = database
        self.areas = list(areas)
        self.at = timezone.now()
        self.processor: dict[str, list[float]] = defaultdict(list)
        turn_to(database)
        with connection.cursor() as cursor:
            cursor.execute(WAS_GREEN, [self.areas])
            (self.people,) = cursor.fetchone()
        self._raise_levels()

    def _raise_levels(self) -> None:
        levels = dict.fromkeys(self.areas, Level.ORANGE)
        with transaction.atomic():
            act = self._record()
            publish_levels(act=act, effective_from=self.at - WINDOW, whole_of=None, levels=levels)

    def _record(self) -> Act:
        return record_act(
            account=Account.objects.get(username=OFFICER),
            role=Role.OFFICER,
            kind="levels",
            area="",
            ground=GROUND,
            detail={},
            at=self.at,
        )

    def end(self) -> None:
        """Restore the city."""
        turn_to(self.database)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM areas_arealevel")

    def request(self) -> Recomputation:
        """Make the recomputation that the rise of these levels causes."""
        with transaction.atomic():
            return request(cause=Cause.LEVELS, areas=self.areas, touches_from=self.at - WINDOW)

    def recolour(self) -> float:
        """Return the seconds that one worker takes, from finding the people to the last batch."""
        self.rest()
        recomputation = self.request()
        seconds = self._timed("recolour", lambda: run(recomputation.pk))
        recomputation.refresh_from_db()
        assert recomputation.people_changed == len(self.people)
        self.undo()
        return seconds

    def recolour_with_leaf(self) -> float:
        """Return the seconds of the same with an act, its leaf, and the log extended by it."""
        self.rest()
        recomputation = self.request()

        def act_and_run() -> None:
            self._record()
            run(recomputation.pk)
            sequencer.extend(at=timezone.now())

        seconds = self._timed("recolour with leaf", act_and_run)
        self.undo()
        return seconds

    def bare(self) -> float:
        """Return the seconds that one bare UPDATE of the same rows takes."""
        return self._update("bare", [self.people])

    def bare_in_batches(self) -> float:
        """Return the seconds that bare UPDATEs take in as many transactions as recolouring uses."""
        size = batches.PEOPLE_A_BATCH
        return self._update(
            "bare in batches",
            [self.people[start : start + size] for start in range(0, len(self.people), size)],
        )

    def with_workers(self, number: int) -> float:
        """Return the seconds that this many worker processes take for batches planned before."""
        _planning, working = self._with_workers(number)
        return working

    def as_shipped(self) -> float:
        """Return the seconds that a worker of two processes takes, including finding the people."""
        return sum(self._with_workers(2))

    def _with_workers(self, number: int) -> tuple[float, float]:
        self.rest()
        recomputation = self.request()
        planning = timed(lambda: batches.plan(recomputation.pk, clock=timezone.now))
        workers = [Worker(recomputation.pk, self._environment()) for _ in range(number)]

        def work() -> None:
            for worker in workers:
                worker.begin()
            for worker in workers:
                worker.result()

        working = timed(work)
        recomputation.refresh_from_db()
        assert recomputation.people_changed == len(self.people)
        self.undo()
        return planning, working

    def memory(self) -> float:
        """Return the peak memory, in MiB, of one worker process that does everything."""
        recomputation = self.request()
        worker = Worker(recomputation.pk, self._environment())
        worker.begin()
        peak = worker.result().peak_bytes / 2**20
        self.undo()
        return peak

    def undo(self) -> None:
        """Make these people green again, and vacuum the tables."""
        with connection.cursor() as cursor:
            cursor.execute(BACK, {"people": self.people})
        tables = "colours_personcolour, colours_recomputation, colours_recomputationbatch"
        self.stage.order(f"VACUUM {tables}", database=self.database)

    def _environment(self) -> dict[str, str]:
        url = self.stage.postgres.url(self.database, user=SERVICE)
        return {**os.environ, "DATABASE_URL": url}

    def _timed(self, name: str, action: Callable[[], object]) -> float:
        """Return the seconds that `action` takes, and record the database's processor time."""
        began = self._processor_seconds()
        seconds = timed(action)
        self.processor[name].append(self._processor_seconds() - began)
        return seconds

    def _processor_seconds(self) -> float:
        """Return the processor time of this connection's server process so far, in nanoseconds."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        return int(Path("/proc", str(pid), "schedstat").read_text().split()[0]) / 1e9

    def _update(self, name: str, parts: Sequence[Sequence[int]]) -> float:
        written = [f"{{{','.join(map(str, part))}}}" for part in parts]
        self.rest()

        def update() -> None:
            for part in written:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(BARE, {"at": self.at, "people": part})

        seconds = self._timed(name, update)
        self.undo()
        return seconds

    def rest(self) -> None:
        """Start after a checkpoint, with an open connection."""
        turn_to(self.database)
        # With an open connection and warm caches, like a worker.
        connection.ensure_connection()
        Recomputation.objects.count()
        self.stage.order("CHECKPOINT")


def send_travellers(database: str, *, area: str, people: int, travellers: int) -> None:
    """Let this many people, evenly spread, return from a day in `area`."""
    turn_to(database, user=OWNER)
    bound = {"area": area, "people": people, "travellers": travellers, "source": SOURCE}
    with connection.cursor() as cursor:
        cursor.execute(TRAVEL, {**bound, "at": timezone.now()})
        cursor.execute("VACUUM ANALYZE evidence_evidence")
    turn_to(database)
