"""Fixtures: the small world of `tests.evidence`, in which people come to the desk."""

from datetime import datetime, timedelta

import pytest

from healthcode.codes import keys
from healthcode.codes.asked_rows import asked_rows
from healthcode.codes.models import SigningKey
from healthcode.codes.status_lists import indexes
from tests.evidence.conftest import (
    client_of,
    now,
    officer_client,
    resident_client,
    source_client,
    world,
)

__all__ = [
    "client_of",
    "now",
    "officer_client",
    "resident_client",
    "source_client",
    "world",
]


@pytest.fixture(autouse=True)
def signing_key(db: None, now: datetime) -> SigningKey:
    """Make a key that signs codes; forget what the process remembers of other tests."""
    keys.keyring.forget()
    indexes.known_parts.forget()
    asked_rows.forget_all()
    return keys.make_key(starts=now - timedelta(days=1), signs_for=timedelta(days=90))
