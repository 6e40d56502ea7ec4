"""The shipped policy in force."""

from tests.colours.conftest import policy

__all__ = ["policy"]
