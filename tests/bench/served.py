"""The service's settings, with the bare views added to its addresses."""

from healthcode.settings import *  # noqa: F403 - all of them

ROOT_URLCONF = "tests.bench.bare"
