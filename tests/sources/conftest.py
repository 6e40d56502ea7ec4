"""Fixtures: the small world of `tests.evidence`, about which sources report."""

from tests.evidence.conftest import (
    client_of,
    now,
    resident_client,
    source_client,
    world,
)

__all__ = [
    "client_of",
    "now",
    "resident_client",
    "source_client",
    "world",
]
