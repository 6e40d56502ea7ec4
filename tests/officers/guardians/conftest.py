"""Fixtures: the small world of the evidence room, and what telephones received."""

from tests.accounts.telephones.conftest import messages
from tests.evidence.conftest import (
    client_of,
    germany,
    now,
    officer_client,
    world,
)

__all__ = ["client_of", "germany", "messages", "now", "officer_client", "world"]
