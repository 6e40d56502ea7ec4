"""Fixtures: the small world of `tests.evidence`, in which officers withdraw evidence."""

from tests.evidence.conftest import (
    anchors,
    client_of,
    erika,
    germany,
    now,
    officer_client,
    resident_client,
    world,
)

__all__ = [
    "anchors",
    "client_of",
    "erika",
    "germany",
    "now",
    "officer_client",
    "resident_client",
    "world",
]
