"""The small world of evidence, in which residents declare."""

from tests.evidence.conftest import (
    anchors,
    client_of,
    erika,
    germany,
    now,
    officer_client,
    resident_client,
    source_client,
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
    "source_client",
    "world",
]
