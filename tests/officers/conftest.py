"""Fixtures: the shipped policy is in force, and all divisions are loaded."""

from tests.areas.conftest import country
from tests.colours.conftest import policy

__all__ = ["country", "policy"]
