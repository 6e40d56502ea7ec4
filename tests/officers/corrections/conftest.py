"""Fixtures: the small world of `tests.evidence`, whose officer corrects registrations."""

from tests.evidence.conftest import client_of, now, officer_client, source_client, world

__all__ = ["client_of", "now", "officer_client", "source_client", "world"]
