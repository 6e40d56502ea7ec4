"""The scene for all tests of this folder."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.utils import timezone

from tests.access.scene import Scene
from tests.evidence.conftest import World, world
from verifier.doors.authentication import doors

__all__ = ["world"]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def scene(world: World, now: datetime) -> Iterator[Scene]:
    doors.forget()
    yield Scene(world, now)
    doors.forget()
