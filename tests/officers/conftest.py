"""The shipped policy in force, and every division."""

from tests.areas.conftest import country
from tests.colours.conftest import policy

__all__ = ["country", "policy"]
