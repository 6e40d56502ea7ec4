"""If two officers publish at the same time, one waits for the other, and there is no deadlock."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection

from accounts.models import Account, Role
from healthcode.areas.models import Area, AreaLevel, Level
from healthcode.areas.services import levels_as_if
from healthcode.officers.maps.services import publish_map
from tests.acts import GROUND
from tests.areas.conftest import shanghai, staff

CODES = [f"3301{number:02}" for number in range(2, 12)]
NOW = datetime.now(UTC)


@pytest.fixture
def officer(transactional_db: None) -> Iterator[Account]:
    """Create an officer and ten counties, with real transactions."""
    Area.objects.bulk_create(Area(code=code, name=code) for code in ("33", "3301", *CODES))
    yield staff("wang", Role.OFFICER, "33")
    AreaLevel.objects.all().delete()


def test_the_later_of_two_maps_wins_whole(officer: Account) -> None:
    together = Barrier(4)

    def publish(level: Level) -> int:
        together.wait()
        # Opposite orders would deadlock if rows were locked one by one.
        codes = CODES if level in {Level.RED, Level.BLUE} else CODES[::-1]
        try:
            return publish_map(
                account=officer,
                effective_from=shanghai("2020-02-09") + timedelta(hours=int(level)),
                ground=GROUND,
                whole_of="3301",
                levels=dict.fromkeys(codes, level),
                at=NOW,
            ).act.pk
        finally:
            connection.close()

    for _round in range(3):
        with ThreadPoolExecutor(4) as pool:
            acts = list(pool.map(publish, [Level.RED, Level.ORANGE, Level.YELLOW, Level.BLUE]))
        current = AreaLevel.objects.filter(during__endswith__isnull=True)
        assert {row.act_id for row in current} == {max(acts)}
        assert current.count() == len(CODES)
        assert len({row.level for row in current}) == 1


def test_a_preview_keeps_nobody_waiting(officer: Account) -> None:
    levels = dict.fromkeys(CODES, Level.RED)

    def publish() -> int:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'")
            return publish_map(
                account=officer,
                effective_from=shanghai("2020-02-09"),
                ground=GROUND,
                whole_of=None,
                levels=levels,
                at=NOW,
            ).act.pk
        finally:
            connection.close()

    with (
        ThreadPoolExecutor(1) as pool,
        levels_as_if(effective_from=shanghai("2020-02-09"), whole_of=None, levels=levels),
    ):
        act = pool.submit(publish).result(timeout=10)
    assert {row.act_id for row in AreaLevel.objects.all()} == {act}
