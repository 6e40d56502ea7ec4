"""Two parts are killed at once while everybody uses the service, and only they are started again.

All ten pairs are tried on one service. All five parts are killed at once as a year ends.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest

from healthcode.web.days import SHANGHAI
from tests.clocks import moved
from tests.live.load import (
    Load,
    asked,
    assert_told_to_come_again,
    card_of_the_resident,
    people_of_the_resident,
)
from tests.live.parts import PARTS, ServiceInParts, in_parts
from tests.live.service import wait_for

pytestmark = pytest.mark.more

AWAY_SECONDS = 1


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceInParts]:
    with in_parts(tmp_path_factory.mktemp("pairs") / "var") as service:
        yield service


@pytest.fixture(scope="module")
def code(live: ServiceInParts) -> str:
    return card_of_the_resident(live)


@pytest.mark.parametrize("victims", [*combinations(PARTS, 2)], ids="+".join)
def test_nothing_that_was_answered_is_lost(
    live: ServiceInParts, victims: tuple[str, str], code: str
) -> None:
    live.failures.clear()
    with Load(live, code, people_of_the_resident(live)) as load:
        wait_for(load.has_begun, patience=60)
        live.kill(*victims)
        time.sleep(AWAY_SECONDS)
        live.begin(*victims)
        goes_on(load)
    assert_told_to_come_again(live)
    load.assert_nothing_is_lost()


def goes_on(load: Load) -> None:
    """Wait until the doors and the officer are answered again."""
    scans, maps = len(load.scans), len(load.maps)
    wait_for(lambda: len(load.scans) > scans + 20 and len(load.maps) > maps, patience=60)


BEFORE_MIDNIGHT = timedelta(seconds=30)


@contextmanager
def moved_to(moment: datetime, library: Path) -> Iterator[None]:
    """Move the clock of all processes started in this context, but not that of the test."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in moved.environment(library, moment).items():
            patch.setenv(name, value)
        yield


def test_a_power_cut_as_the_year_ends(tmp_path: Path) -> None:
    """The data are made before. The service starts again for the last seconds of the year."""
    library = moved.build(tmp_path)
    midnight = datetime(2028, 1, 1, tzinfo=SHANGHAI)
    live = ServiceInParts(tmp_path / "var")
    with ExitStack() as undone:
        undone.callback(live.stop_all)
        with moved_to(midnight - timedelta(minutes=30), library):
            live.start()
            live.stop_all()
        undone.enter_context(moved_to(midnight - BEFORE_MIDNIGHT, library))
        ends = time.monotonic() + BEFORE_MIDNIGHT.total_seconds()
        live.start()
        with Load(live, card_of_the_resident(live), people_of_the_resident(live)) as load:
            wait_for(load.has_begun)
            assert time.monotonic() < ends, "the machine was too slow to be there at midnight"
            time.sleep(ends - time.monotonic())
            live.kill(*PARTS)
            live.begin(*PARTS)
            goes_on(load)
        assert_told_to_come_again(live)
        load.assert_nothing_is_lost()
        days = "SELECT array_agg(DISTINCT day::text) FROM verifier_scan WHERE id = ANY(%s::uuid[])"
        assert set(asked(live, days, load.scans)) == {"2027-12-31", "2028-01-01"}
