"""Fixtures: the small world of `tests.evidence`, and its officer with two documents on the desk."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.waiting import people_with
from healthcode.colours.models import PersonColour
from healthcode.colours.one_person import decide_now
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from tests.acts import SENT_GROUND
from tests.colours import world as colours
from tests.colours.conftest import beside
from tests.evidence.conftest import (
    HOME,
    ZHANGS_PASSPORT,
    World,
    client_of,
    now,
    officer_client,
    world,
)

__all__ = ["beside", "client_of", "now", "officer_client", "world"]

ZHANG = ("20", ZHANGS_PASSPORT)
LI = ("20", "E10000003")
WAITS = ("14", "H12345678")


@pytest.fixture
def red(world: World, now: datetime) -> Callable[[int], None]:
    """Return a function that lets a source report somebody as a case."""

    def report(person: int) -> None:
        starts = now - timedelta(days=3)
        colours.fact(person, EvidenceKind.CASE, starts, None, "confirmed", source=world.source)
        decide_now(person, at=now)

    return report


@pytest.fixture
def waiting(world: World, now: datetime) -> int:
    """Return the number of a person who waits under the document `WAITS`."""
    return people_with([WAITS], home=HOME, at=now)[WAITS]


def pair(first: tuple[str, str], second: tuple[str, str], **more: object) -> dict[str, object]:
    """Return the input of the call that merges two documents."""
    return {
        "id_type": first[0],
        "id_number": first[1],
        "other_id_type": second[0],
        "other_id_number": second[1],
        "documents_seen": True,
        **SENT_GROUND,
        **more,
    }


def merge(
    client: APIClient, first: tuple[str, str], second: tuple[str, str], **more: object
) -> Any:
    """Merge two documents as an officer."""
    body = pair(first, second, **more)
    return client.post("/api/v1/merged-registrations", body, format="json")


def separate(client: APIClient, document: tuple[str, str], **more: object) -> Any:
    """Separate a document as an officer."""
    body = {"id_type": document[0], "id_number": document[1], **SENT_GROUND, **more}
    return client.post("/api/v1/separated-registrations", body, format="json")


def stored(*people: int) -> list[Colour]:
    """Return the stored colours of people, in the order given."""
    rows = PersonColour.objects.in_bulk(people)
    return [Colour(rows[person].colour) for person in people]
