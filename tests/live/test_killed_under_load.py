"""A part of the service is killed while everybody uses it, and its supervisor stops all parts.

Everything that was answered is still there afterwards, and everybody has the colour that `decide()`
computes. `test_pairs_killed.py` kills two parts at once, without a supervisor.
"""

import contextlib
from collections.abc import Iterator

import psutil
import pytest

from tests.live.load import (
    Load,
    assert_told_to_come_again,
    card_of_the_resident,
    people_of_the_resident,
)
from tests.live.service import LiveService, running, wait_for

pytestmark = pytest.mark.more

PARTS = {
    "web": r"-m granian",
    "worker": r"celery.* worker",
    "beat": r"celery.* beat",
    "valkey": r"valkey-server",
    "postgres": r"postgres -D",
}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with running(LiveService(tmp_path_factory.mktemp("killed") / "var")) as service:
        yield service


@pytest.fixture(scope="module")
def code(live: LiveService) -> str:
    return card_of_the_resident(live)


@pytest.mark.parametrize("victim", PARTS)
def test_nothing_that_was_answered_is_lost(live: LiveService, victim: str, code: str) -> None:
    live.failures.clear()
    with Load(live, code, people_of_the_resident(live)) as load:
        wait_for(load.has_begun, patience=120)
        for process in live.parts(PARTS[victim]):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        assert live.ended() == 1, "a part that dies ends all"
    assert_told_to_come_again(live)
    live.start()
    load.assert_nothing_is_lost()
