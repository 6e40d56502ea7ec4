"""What the tests of a person's rights share with those of the rooms."""

from tests.codes.conftest import _nothing_remembered, officer, signing_key, world, zhang
from tests.colours.conftest import policy

__all__ = ["_nothing_remembered", "officer", "policy", "signing_key", "world", "zhang"]
