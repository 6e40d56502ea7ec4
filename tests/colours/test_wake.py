"""A broker that takes no messages makes nobody wait twice."""

import time

import pytest
from celery import current_app
from kombu.exceptions import OperationalError

from healthcode.colours import wake


def test_a_broker_that_failed_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fail(task: str, **_options: object) -> None:
        asked.append(task)
        raise OperationalError

    monkeypatch.setattr(current_app, "send_task", fail)
    broker = wake._Broker()
    for _ in range(5):
        broker.send("colours.sweep", {})
    assert len(asked) == 1
    later = time.monotonic() + wake.DEAF_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    broker.send("colours.sweep", {})
    assert len(asked) == 2
