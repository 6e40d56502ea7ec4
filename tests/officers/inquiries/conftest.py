"""Fixture: the town in which cases are traced."""

from tests.tracing.conftest import town

__all__ = ["town"]
